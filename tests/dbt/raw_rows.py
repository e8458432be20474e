"""Write stories into the raw tables, as landing would, and remember which row records which play.

Out: rows of raw.spotify_recently_played, raw.spotify_streaming_history and ops.landed_files, and the truth: a table
`truth` (which row records which play, and what is known of it) that no model reads.
"""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from typing import Any

import duckdb

from tests.dbt.play_history import Export, Item, Play, Story

NOW = datetime(2026, 1, 1)


def write_stories(connection: duckdb.DuckDBPyConnection, stories: list[Story]) -> None:
    """Replace all raw rows by those of the stories."""
    polls, exports, truth = [], [], []
    for story in stories:
        _poll_rows(story, polls, truth)
        for number, export in enumerate(story.exports):
            _export_rows(story, export, number, exports, truth)
    for table in ("raw.spotify_recently_played", "raw.spotify_streaming_history", "ops.landed_files", "ops.polls"):
        connection.execute(f"delete from {table}")
    _insert(connection, "raw.spotify_recently_played", polls)
    _insert(connection, "raw.spotify_streaming_history", exports)
    connection.execute(
        "create or replace table truth (source_file varchar, row_number bigint, listener_id varchar, play bigint,"
        " is_phantom boolean, is_near boolean, has_own_second boolean)"
    )
    _insert(connection, "truth", truth)
    connection.execute(
        """
        insert into ops.landed_files
        select
            source_file, 'spotify', 'streaming_history', listener_id, export_id, null, file_sha256,
            max(fetched_at), count(*), count(*), 0, 0, max(landed_at)
        from raw.spotify_streaming_history
        group by all
        union all
        select
            source_file, 'spotify', 'recently_played', listener_id, null, null, null,
            max(fetched_at), count(*), count(*), 0, 0, max(landed_at)
        from raw.spotify_recently_played
        group by all
        """
    )


def _poll_rows(story: Story, rows: list[dict[str, Any]], truth: list[dict[str, Any]]) -> None:
    for number, item in enumerate(story.items):
        fetched_at = item.played_at + timedelta(minutes=20)
        file = f"{story.listener_id}/poll-{fetched_at:%Y%m%d%H}.ndjson.gz"
        rows.append(
            {
                "listener_id": story.listener_id,
                "played_at": _text(item.played_at),
                "track_key": item.track_id or f"names:{number}",
                "payload": json.dumps(_item_payload(item)),
                "source_file": file,
                "row_number": number,
                "run_id": "run",
                "fetched_at": _text(fetched_at),
                "landed_at": _text(NOW),
            }
        )
        truth.append(_truth(story, file, number, item.play, is_phantom=item.is_phantom, is_near=item.is_near))


def _item_payload(item: Item) -> dict[str, Any]:
    song = item.play.song
    track = {
        "id": item.track_id,
        "uri": f"spotify:track:{item.track_id}" if item.track_id else f"spotify:local:x:y:{song.number}:{song.seconds}",
        "name": song.title,
        "duration_ms": song.seconds * 1000,
        "is_local": item.track_id is None,
        "artists": [{"id": f"artist{song.number % 4}", "name": song.artist}],
        "album": {"name": "Älbum", "artists": [{"id": "various", "name": "Various Artists"}]},
    }
    context = {"type": "playlist", "uri": "spotify:playlist:one"} if item.play.number % 2 else None
    return {"track": track if item.has_track else None, "played_at": _text(item.played_at), "context": context}


def _export_rows(
    story: Story, export: Export, number: int, rows: list[dict[str, Any]], truth: list[dict[str, Any]]
) -> None:
    entries: list[tuple[Play | None, dict[str, Any]]] = [
        (play, _export_payload(play, export.format))
        for play in story.plays
        if export.since <= play.ts <= export.until
        for _ in range(play.rows_in_export if export.format != "account_data" else 1)
    ]
    if export.format != "account_data":
        entries += [(None, _podcast_payload(at)) for at in story.podcasts if export.since <= at <= export.until]
    random.Random(number).shuffle(entries)
    for place, (play, payload) in enumerate(entries):
        file = f"{story.listener_id}/export-{number}-{place % 2}.ndjson.gz"
        rows.append(
            {
                "listener_id": story.listener_id,
                "export_id": f"{story.listener_id}-{number}",
                "file_sha256": file,
                "row_number": place,
                "format": export.format,
                "payload": json.dumps(payload),
                "source_file": file,
                "fetched_at": _text(export.fetched_at),
                "landed_at": _text(NOW),
            }
        )
        truth.append(_truth(story, file, place, play, has_own_second=export.format != "account_data"))


def _export_payload(play: Play, format_: str) -> dict[str, Any]:
    song = play.song
    if format_ == "account_data":
        return {
            "endTime": f"{play.ts:%Y-%m-%d %H:%M}",
            "artistName": song.artist,
            "trackName": song.title,
            "msPlayed": play.ms,
        }
    return {
        "ts": f"{play.ts:%Y-%m-%dT%H:%M:%SZ}",
        "ms_played": play.ms,
        "master_metadata_track_name": song.title,
        "master_metadata_album_artist_name": song.artist,
        "master_metadata_album_album_name": "Älbum",
        "spotify_track_uri": None if play.kind == "local_file" else f"spotify:track:{song.id}",
        "reason_end": "trackdone",
        "offline": play.is_offline,
        "offline_timestamp": play.offline_timestamp,
        "incognito_mode": play.is_incognito,
    }


def _podcast_payload(at: datetime) -> dict[str, Any]:
    return {
        "ts": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "ms_played": 1_800_000,
        "episode_name": "Episode",
        "episode_show_name": "Show",
        "spotify_episode_uri": "spotify:episode:one",
    }


def _truth(
    story: Story,
    file: str,
    number: int,
    play: Play | None,
    *,
    is_phantom: bool = False,
    is_near: bool = False,
    has_own_second: bool = False,
) -> dict[str, Any]:
    return {
        "source_file": file,
        "row_number": number,
        "listener_id": story.listener_id,
        "play": play.number if play else None,
        "is_phantom": is_phantom,
        "is_near": is_near and play is not None and play.kind in {"single", "partial", "restart"},
        "has_own_second": has_own_second and play is not None and play.kind != "offline_equal",
    }


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert rows by name, in one statement."""
    if not rows:
        return
    types = {name: kind for name, kind, *_ in connection.execute(f"describe {table}").fetchall()}
    structure = json.dumps([{name: "VARCHAR" if kind == "JSON" else kind for name, kind in types.items()}])
    connection.execute(
        f"insert into {table} by name select unnest(from_json(?, '{structure}'), recursive := true)", [json.dumps(rows)]
    )


def _text(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="milliseconds")
