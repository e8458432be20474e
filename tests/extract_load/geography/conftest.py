"""One gazetteer for all tests here, and a home whose cache already holds it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.context import Context
from extract_load.core.settings import Settings
from extract_load.geography.gazetteer_index import attach, ensure_index
from sandbox import Sandbox, World
from tests.support.world_end import WORLD_END

DORA = "00000000-0000-4000-8000-00000000d0a1"


@pytest.fixture(scope="session")
def gazetteer(gazetteer_dir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with the gazetteer attached."""
    with duckdb.connect() as connection:
        attach(connection, ensure_index(gazetteer_dir))
        yield connection


@pytest.fixture
def home(settings: Settings, gazetteer_dir: Path) -> Settings:
    """Return settings whose cache already holds the gazetteer."""
    source = ensure_index(gazetteer_dir)
    settings.answers_dir.mkdir(parents=True, exist_ok=True)
    os.link(source, settings.answers_dir / source.name)
    return settings


@pytest.fixture(scope="session")
def geography_world() -> World:
    return World(plays=1_000, years=0.1, now=WORLD_END)


@pytest.fixture(scope="session")
def geography_sandbox(geography_world: World) -> Iterator[Sandbox]:
    with Sandbox(geography_world) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(geography_sandbox: Sandbox) -> Iterator[Sandbox]:
    geography_sandbox.counts.reset()
    yield geography_sandbox
    geography_sandbox.faults.clear()


class AreaBook:
    """Puts areas and artists that come from them into the lookup tables of a context."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._artists = 0

    def add(
        self,
        mbid: str,
        name: str,
        area_type: str,
        country: str | None,
        parent: str | None = None,
        *,
        country_code: str | None = None,
        code: str | None = None,
    ) -> None:
        payload: dict[str, Any] = {"id": mbid, "name": name, "type": area_type}
        payload |= {"iso-3166-1-codes": [country_code]} if country_code else {}
        payload |= {"iso-3166-2-codes": [code]} if code else {}
        with self._context.warehouse.open("test") as connection:
            connection.execute(
                "insert or replace into lookup.musicbrainz_areas"
                " (area_mbid, status, parent_area_mbid, country_code, attempts, payload)"
                " values (?, 'found', ?, ?, 0, ?)",
                [mbid, parent, country, json.dumps(payload)],
            )

    def add_artist(self, area_mbid: str) -> None:
        """Let an identified artist come from an area."""
        self._artists += 1
        mbid = f"00000000-0000-4000-9000-{self._artists:012}"
        with self._context.warehouse.open("test") as connection:
            connection.execute(
                "insert into lookup.musicbrainz_artists (mbid, status, attempts, payload) values (?, 'found', 0, ?)",
                [mbid, json.dumps({"id": mbid, "begin-area": {"id": area_mbid}})],
            )
            connection.execute(
                "insert into lookup.musicbrainz_matches (artist_key, status, mbid, attempts) values (?, 'found', ?, 0)",
                [f"artist-{self._artists}", mbid],
            )

    def coordinates(self) -> dict[str, dict[str, Any]]:
        """Return the rows of lookup.area_coordinates by MBID."""
        with self._context.warehouse.open("test") as connection:
            found = connection.execute("select * from lookup.area_coordinates order by area_mbid")
            names = [column[0] for column in found.description]
            return {row[0]: dict(zip(names, row, strict=True)) for row in found.fetchall()}


def mbid_of(number: int) -> str:
    """Return an invented MBID."""
    return f"00000000-0000-4000-8000-{number:012}"
