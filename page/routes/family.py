"""Family: what listeners who agreed have in common; there is no such page while there is no family file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from starlette.responses import Response

from page.context import PageContext
from page.database import Cursor, Facts, attach_read_only
from page.errors import NotFound, Unavailable
from page.formats import day, minutes, percent
from page.sql import Statement

MEMORY, THREADS = "64MB", 1
_MOST = 200


@dataclass(frozen=True, slots=True)
class FamilyTable:
    """One table of the page: its title, what it says, its head, and rows of text."""

    title: str
    definition: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


def family(context: PageContext) -> Response:
    """Answer with the sums of the family file. Errors: NotFound without one, Unavailable when it can't be read."""
    path = context.cursor.facts.family
    if path is None:
        raise NotFound(
            "There is no family page.", "It is there when two listeners agree: `music-tracker listener share`."
        )
    return context.render("family.html", "Family", has_range=False, tables=_tables(path, context.cursor.facts))


def _tables(path: Path, facts: Facts) -> list[FamilyTable]:
    try:
        connection = attach_read_only(path, MEMORY, THREADS)
    except (duckdb.Error, OSError) as error:
        raise Unavailable("The family file can't be read now.", "Load this page again in a moment.") from error
    try:
        cursor = Cursor(connection, facts)
        names = {str(row["listener_id"]): str(row["name"]) for row in _rows(cursor, "members")}
        return [_match(cursor, names), _bridge(cursor, names), _gifts(cursor, names), _together(cursor, names)]
    finally:
        connection.close()


def _rows(cursor: Cursor, table: str) -> list[dict[str, Any]]:
    return cursor.fetch(Statement(table, f"from family.{table} limit {_MOST}", {})).rows


def _pair(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return f"{names[str(row['listener_id'])]} and {names[str(row['other_listener_id'])]}"


def _song(row: Mapping[str, Any]) -> str:
    return f"{row['recording_name']}, {row['artist_name']}"


def _match(cursor: Cursor, names: Mapping[str, str]) -> FamilyTable:
    return FamilyTable(
        "How alike",
        "The smaller of both shares of minutes of each artist, summed, over the larger ones; covered is how much of the"
        " time of each is known.",
        ("Who", "Match", "Artists in common", "Covered, first", "Covered, second"),
        [
            (
                *(_pair(row, names), percent(row["match_pct"]), str(row["artists_in_common"])),
                *(percent(row["coverage_pct"]), percent(row["other_coverage_pct"])),
            )
            for row in _rows(cursor, "match")
        ],
    )


def _bridge(cursor: Cursor, names: Mapping[str, str]) -> FamilyTable:
    return FamilyTable(
        "Bridge",
        "The recording with the greatest share of minutes that both have in common.",
        ("Who", "Recording", "Share, first", "Share, second"),
        [
            (_pair(row, names), _song(row), percent(row["share_pct"]), percent(row["other_share_pct"]))
            for row in _rows(cursor, "bridge")
        ],
    )


def _gifts(cursor: Cursor, names: Mapping[str, str]) -> FamilyTable:
    return FamilyTable(
        "Gifts",
        "What one played most and the other has never played.",
        ("From and to", "Recording", "Minutes"),
        [
            (
                f"{names[str(row['giver_id'])]} to {names[str(row['receiver_id'])]}",
                *(_song(row), minutes(float(str(row["minutes"])))),
            )
            for row in _rows(cursor, "gifts")
        ],
    )


def _together(cursor: Cursor, names: Mapping[str, str]) -> FamilyTable:
    return FamilyTable(
        "Heard together",
        "The same recording, started within a minute of each other.",
        ("Who", "Recording", "Times", "First", "Last"),
        [
            (_pair(row, names), _song(row), str(row["times"]), day(row["first_on"]), day(row["last_on"]))
            for row in _rows(cursor, "heard_together")
        ],
    )


ROUTES = [("/family", family)]
