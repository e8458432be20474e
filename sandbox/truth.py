"""The ground truth about the listener: every real play, and what of it the export and the polls can show.

For tests, by Python or as a file of JSON lines; it never leaves through the stand-ins.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.export.writer import WrittenExport
from sandbox.spotify.objects import iso_ms
from sandbox.world.plays import Play, Spoken
from sandbox.world.world import World


def truth_rows(
    world: World, written: WrittenExport | None = None, *, until: datetime | None = None
) -> list[dict[str, Any]]:
    """Return one row per real play that ended by `until` (default: the world's now).

    With `written`, a row also says where the export has it.

    Times are ISO 8601 in UTC with milliseconds. `export_ts` is what an export says (seconds), `poll_played_at` what
    the items of recently-played say, `visible_at` when they can first be seen. `counts_as_music` is false for
    podcasts, audiobooks and content that nothing identifies any more.
    """
    rows_of: dict[int, list[dict[str, Any]]] = {}
    for row in written.rows if written else ():
        rows_of.setdefault(row.play_id, []).append({"file": row.file, "row": row.row, "kind": row.kind})
    until_ms = int((until or world.settings.now).timestamp() * 1000)
    return [
        _row(world, play) | ({"export_rows": rows_of.get(play.play_id, [])} if written else {})
        for play in world.plays
        if play.ended_ms <= until_ms
    ]


def dump_truth(world: World, path: Path | str, written: WrittenExport | None = None) -> int:
    """Write the ground truth as JSON lines and return the number of plays."""
    rows = truth_rows(world, written)
    with Path(path).open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return len(rows)


def _row(world: World, play: Play) -> dict[str, Any]:
    track = play.track
    row: dict[str, Any] = {
        "play_id": play.play_id,
        "started_at": iso_ms(play.started_ms),
        "ended_at": iso_ms(play.ended_ms),
        "ms_played": play.ms_played,
        "export_ts": iso_ms(play.ts_s * 1000),
        "poll_played_at": [iso_ms(stamp) for stamp in play.poll_ms],
        "visible_at": iso_ms(play.visible_ms) if play.poll_ms else None,
        "counts_as_music": track is not None and not play.without_uri,
        "offline": play.offline,
        "offline_timestamp": play.offline_timestamp,
        "incognito": play.incognito,
        "skipped": play.skipped,
        "local": play.local,
        "nameless": play.nameless,
    }
    if track is not None:
        row |= {
            "track": track.name,
            "artist": world.artists[track.artist].page_name,
            "artist_id": world.catalogue.artist_id(track.artist),
            "export_uri": None
            if play.local or play.without_uri
            else f"spotify:track:{world.catalogue.track_id(track)}",
            "api_uri": None if play.local else f"spotify:track:{world.catalogue.track_id(track, relinked=True)}",
            "isrc": track.isrc,
            "recording": [track.artist, track.recording],
            "duration_ms": track.duration_ms,
        }
    elif isinstance(play.item, Spoken):
        row |= {"spoken": play.item.kind, "title": play.item.title, "collection": play.item.collection}
    return row
