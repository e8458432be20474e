"""The spans of one clock, against Python's own time zones; and that few minutes are looked at to find them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.dbt.bare_duckdb import BareWarehouse, CompiledProject

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
)
MODEL = "int_zones__spanned"


@pytest.fixture(scope="module")
def ten_years(compiled: CompiledProject) -> Iterator[BareWarehouse]:
    """Yield a warehouse with two plays that are ten years apart."""
    warehouse = BareWarehouse(compiled, last=(MODEL,))
    warehouse.build()
    staging = f"{compiled.catalogue}.staging.stg_spotify__recently_played"
    for played_at in (datetime(2016, 1, 1), datetime(2025, 12, 31)):
        warehouse.rows(f"insert into {staging} (listener_id, played_at) values ('me', ?)", played_at)
    yield warehouse
    warehouse.close()


@pytest.mark.parametrize("zone", ZONES)
def test_spans_are_those_of_the_zone_and_cheap_to_find(ten_years: BareWarehouse, zone: str) -> None:
    """Minutes are looked at only on days on which the clock changes, east and west of Greenwich."""
    zones = f"{ten_years.catalogue}.seeds.listener_zones"
    ten_years.rows(f"delete from {zones}")
    ten_years.rows(f"insert into {zones} (listener_id, valid_from, time_zone) values ('*', '1970-01-02', ?)", zone)
    [sql] = [model.sql for model in ten_years.models if model.name == MODEL]
    spans = ten_years.rows(f"select utc_offset, from_at, until_at from ({sql}) where time_zone = ? order by 2", zone)
    for offset, from_at, until_at in spans:
        last = min(until_at, datetime(2026, 1, 3)) - timedelta(minutes=1)
        assert [_offset(zone, from_at), _offset(zone, last)] == [offset, offset]
    assert all(before[2] == after[1] for before, after in pairwise(spans))
    [(_, plan)] = ten_years.rows(f"explain (analyze, format json) {sql}")
    assert _most_rows(json.loads(plan)) < 24 * 1440 + 2 * 3660


def _offset(zone: str, moment: datetime) -> timedelta | None:
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()


def _most_rows(node: Any) -> int:
    """Return the rows of the step of a plan that has most."""
    return max([int(node.get("operator_cardinality", 0)), *map(_most_rows, node.get("children", []))])
