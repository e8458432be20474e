"""What waits for the catalogue: each play weighs once, and no play loses its weight to what does not cover it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from extract_load.context import Context
from extract_load.spotify.catalogue.pending import refresh_listening
from extract_load.storage.spool import Envelope, write_envelopes
from tests.support.exports import START, row, uri, write_file

Importer = Callable[..., Any]


def polled(context: Context, number: int, at: datetime, listener: str = "me") -> None:
    """Land one item of a poll."""
    track = {
        "id": f"{number:022d}",
        "uri": uri(number),
        "name": f"Song {number}",
        "duration_ms": 200_000,
        "artists": [{"id": f"A{number:021d}", "name": "Band"}],
        "album": {"id": f"L{number:021d}", "name": "Record"},
    }
    item = {"played_at": f"{at.isoformat()}Z", "track": track}
    write_envelopes(
        context.settings.spool_dir,
        [Envelope("spotify", "recently_played", "run", context.clock.now(), item, {}, listener)],
    )
    context.landing.land()


def weights(context: Context) -> dict[int, int]:
    """Return the plays that each track weighs, by its number."""
    with context.warehouse.open("a test") as connection:
        refresh_listening(connection)
        found = connection.execute("select spotify_track_id, plays from lookup.track_listening").fetchall()
    return {int(id_): plays for id_, plays in found}


def test_a_polled_play_weighs_unless_an_export_of_its_listener_covers_it(
    context: Context, bring_in: Importer, tmp_path: Path
) -> None:
    """An export of later days, or of somebody else, covers nothing of it."""
    me = context.settings.listener_id
    polled(context, 500, START + timedelta(days=10), me)
    polled(context, 501, START + timedelta(days=30, minutes=4), me)
    polled(context, 502, START + timedelta(days=30, minutes=4), "somebody else")
    rows = [row(n, ts=f"{(START + timedelta(days=30, minutes=4 * n)).isoformat()}Z") for n in range(3)]
    bring_in(write_file(tmp_path, "Streaming_History_Audio_2024_0.json", rows))
    assert weights(context) == {0: 1, 1: 1, 2: 1, 500: 1, 502: 1}
