"""What the last finished dbt build made again, and why, from schema `built` of the warehouse.

In: a connection to the warehouse. Out: a few numbers for the state, so that `status` can tell without the warehouse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from extract_load.core.text import join_first

REASONS = {
    "rows": "rows came or went",
    "tracks": "tracks point elsewhere",
    "coverage": "exports cover other time",
    "clock": "the clock was changed",
    "exclusion": "other plays are left out",
    "no pause": "music runs over the end of a month",
}
"""Words for the reasons of int_dirty__months; those of a build of everything are sentences already."""

_MONTHS = """
select
    count(*) filter (listener_id <> '*'),
    coalesce(bool_or(listener_id = '*'), false),
    coalesce(list_sort(list_distinct(flatten(list(string_split(reason, ', ')) filter (listener_id <> '*')))), []),
    coalesce(list(reason) filter (listener_id = '*'), [])
from built.months
"""
_PLAYS = """
select count(*) from marts.fct_plays
where $everything or (listener_id, date_trunc('month', ended_at)) in (select (listener_id, month) from built.months)
"""


def read_last_build(connection: duckdb.DuckDBPyConnection) -> dict[str, Any] | None:
    """Return months, plays, whether it was everything, and the reasons; None when no build was finished."""
    is_known = connection.execute(
        "select count(*) = 2 from duckdb_tables() where database_name = current_database()"
        " and (schema_name, table_name) in (('built', 'months'), ('marts', 'fct_plays'))"
    ).fetchall()[0][0]
    if not is_known:
        return None
    months, everything, reasons, why_everything = connection.execute(_MONTHS).fetchall()[0]
    plays = connection.execute(_PLAYS, {"everything": everything}).fetchall()[0][0]
    return {
        "months": int(months),
        "plays": int(plays),
        "everything": bool(everything),
        "reasons": list(why_everything if everything else reasons),
    }


def describe_last_build(found: Mapping[str, Any]) -> str:
    """Return a sentence about what `read_last_build` found."""
    why = join_first([REASONS.get(str(reason), str(reason)) for reason in found["reasons"]])
    if found["everything"]:
        return f"The last build made everything again, {found['plays']:,} plays ({why})."
    if not found["months"]:
        return "The last build found nothing new in the plays."
    months = "1 month" if found["months"] == 1 else f"{found['months']:,} months"
    return f"The last build made {months} again, {found['plays']:,} plays ({why})."
