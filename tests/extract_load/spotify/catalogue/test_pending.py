"""What waits for the catalogue: each play weighs once, and no play loses its weight to what does not cover it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from extract_load.context import Context
from extract_load.spotify.catalogue.pending import Kind, pending, refresh_listening
from extract_load.storage.spool import Envelope, write_envelopes
from tests.support.exports import START, row, uri, write_file

Importer = Callable[..., Any]
KINDS: tuple[Kind, ...] = ("track", "album", "artist")


def polled(context: Context, number: int, at: datetime, listener: str = "me", **changed: Any) -> None:
    """Land one item of a poll; `changed` are other values of its track."""
    track: dict[str, Any] = {
        "id": f"{number:022d}",
        "uri": uri(number),
        "name": f"Song {number}",
        "duration_ms": 200_000,
        "artists": [{"id": f"A{number:021d}", "name": "Band"}],
        "album": {"id": f"L{number:021d}", "name": "Record"},
    }
    item = {"played_at": f"{at.isoformat()}Z", "track": track | changed}
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


EPISODES: list[dict[str, Any]] = [
    {"uri": "spotify:episode:0000000000000000000600", "type": "episode"},
    {"type": "episode"},
    {"episode": True, "track": False},
    {"album": {"id": "S000000000000000000600", "type": "show", "name": "A show"}},
    {"album": {"id": "S000000000000000000600", "uri": "spotify:show:S000000000000000000600", "name": "A show"}},
    {"uri": "spotify:chapter:0000000000000000000600"},
]


@pytest.mark.parametrize("signs", EPISODES)
def test_an_episode_is_no_track_and_its_show_no_album(signs: dict[str, Any], context: Context) -> None:
    """An episode that a poll lists is asked for nowhere: not itself, nor its show, nor its publisher."""
    polled(context, 1, START, context.settings.listener_id)
    polled(context, 600, START + timedelta(minutes=4), context.settings.listener_id, **signs)
    assert weights(context) == {1: 1}
    with context.warehouse.open("a test") as connection:
        assert connection.execute("select spotify_track_id from lookup.spotify_tracks").fetchall() == [(f"{1:022d}",)]
        asked = {kind: [one.id for one in pending(connection, kind, 10, context.clock.now())] for kind in KINDS}
    assert asked == {"track": [], "album": [f"L{1:021d}"], "artist": [f"A{1:021d}"]}


def test_an_episode_that_an_earlier_version_took_for_a_track_brings_nothing_up(context: Context) -> None:
    """Its answer stays in the lookup, and neither its show nor its publisher is asked for."""
    polled(context, 600, START, context.settings.listener_id, uri="spotify:episode:0000000000000000000600")
    with context.warehouse.open("a test") as connection:
        connection.execute(
            "insert into lookup.spotify_tracks (spotify_track_id, status, attempts, origin, payload, fetched_at)"
            " select payload ->> '$.track.id', 'found', 0, 'recently_played', payload -> '$.track', fetched_at"
            " from raw.spotify_recently_played"
        )
        refresh_listening(connection)
        asked = [pending(connection, kind, 10, context.clock.now()) for kind in KINDS]
    assert asked == [[], [], []]


def test_a_music_video_is_not_asked_for(context: Context, bring_in: Importer, tmp_path: Path) -> None:
    """Only the name of its file tells it from music; the same track in a file of music is."""
    video = write_file(tmp_path, "Streaming_History_Video_2018-2024.json", [row(7), row(8)])
    music = write_file(tmp_path, "Streaming_History_Audio_2024_0.json", [row(8), row(9)])
    bring_in(video, music)
    assert weights(context) == {8: 1, 9: 1}


def test_an_export_covers_the_instants_that_it_says(context: Context, bring_in: Importer, tmp_path: Path) -> None:
    """Its times have an offset: what polls list between them is counted by the export."""
    me = context.settings.listener_id
    polled(context, 500, START + timedelta(minutes=2), me)
    polled(context, 501, START + timedelta(hours=2, minutes=2), me)
    local = [START + timedelta(hours=2, minutes=minutes) for minutes in (0, 4)]
    rows = [row(n, ts=f"{at.isoformat()}+02:00") for n, at in enumerate(local)]
    bring_in(write_file(tmp_path, "Streaming_History_Audio_2024_0.json", rows))
    assert weights(context) == {0: 1, 1: 1, 501: 1}
