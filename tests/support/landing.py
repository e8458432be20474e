"""Spool files for the tests of landing, written as ingestion and enrichment write them, and a look at the tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from extract_load.context import Context
from extract_load.storage.spool import Envelope, write_envelopes

NOON = datetime(2026, 11, 23, 12)


def item(played_at: str = "2026-11-23T11:00:00.123Z", track: Any = "unset") -> dict[str, Any]:
    """Return an item of recently-played."""
    default = {"id": "0" * 22, "uri": "spotify:track:" + "0" * 22, "name": "Song", "artists": [{"name": "Band"}]}
    return {"track": default if track == "unset" else track, "played_at": played_at, "context": None}


def spool_poll(context: Context, items: Sequence[Any], at: datetime = NOON) -> Path:
    """Spool the items of one poll."""
    path = write_envelopes(
        context.settings.spool_dir,
        [Envelope("spotify", "recently_played", "r1", at, one, {}, "me") for one in items],
    )
    assert path is not None
    return path


def spool_answers(
    context: Context,
    answers: Sequence[tuple[str | None, Any, dict[str, Any]]],
    at: datetime = NOON,
    kind: tuple[str, str] = ("spotify", "track"),
) -> Path:
    """Store enrichment answers (id, payload, more of the request) of one source and entity."""
    path = write_envelopes(
        context.settings.answers_dir,
        [Envelope(*kind, "r1", at, payload, {"id": key, **more}) for key, payload, more in answers],
    )
    assert path is not None
    return path


def rows(context: Context, sql: str) -> list[tuple[Any, ...]]:
    """Ask the warehouse."""
    with context.warehouse.open("test") as connection:
        return connection.execute(sql).fetchall()


def accounts(context: Context) -> list[tuple[int, int, int, int]]:
    """Return rows counted, landed, known and rejected of each landed file, in the order of landing."""
    sql = "select rows_counted, rows_landed, rows_known, rows_rejected from ops.landed_files order by rowid"
    return [(int(a), int(b), int(c), int(d)) for a, b, c, d in rows(context, sql)]
