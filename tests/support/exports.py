"""Rows and files of exports, written in the shape of Spotify's but not taken from any."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

FOLDER = "Spotify Extended Streaming History"
START = datetime(2024, 3, 1, 12, 0)
ADDRESS = "203.0.113.77"
AGENT = "Odd%20Player/1.0 (someone)"


def row(number: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a row of today's extended history; rows of different numbers are different plays."""
    at = START + timedelta(minutes=4 * number)
    made = {
        "ts": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "platform": "android",
        "ms_played": 200_000 + number,
        "conn_country": "DE",
        "ip_addr": ADDRESS,
        "master_metadata_track_name": f"Song {number}",
        "master_metadata_album_artist_name": "Band",
        "master_metadata_album_album_name": "Record",
        "spotify_track_uri": uri(number),
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "audiobook_title": None,
        "audiobook_uri": None,
        "audiobook_chapter_uri": None,
        "audiobook_chapter_title": None,
        "reason_start": "trackdone",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline": False,
        "offline_timestamp": int(at.timestamp()),
        "incognito_mode": False,
    }
    return {**made, **changes}


def old_row(number: int = 0, username: str = "some.listener", **changes: Any) -> dict[str, Any]:
    """Return a row of an endsong file, until about 2022."""
    made = row(number, **changes)
    kept = {key: value for key, value in made.items() if not key.startswith("audiobook") and key != "ip_addr"}
    personal = {"username": username, "ip_addr_decrypted": ADDRESS, "user_agent_decrypted": AGENT}
    return {"ts": kept.pop("ts"), **personal, **kept}


def uri(number: int) -> str:
    """Return the uri of a track."""
    return f"spotify:track:{number:022d}"


def text_of(rows: Sequence[Mapping[str, Any]], **options: Any) -> bytes:
    """Return the JSON of a file."""
    return json.dumps(rows, **{"ensure_ascii": False, "separators": (",", ":"), **options}).encode()


def write_file(folder: Path, name: str, content: bytes | Sequence[Mapping[str, Any]]) -> Path:
    """Write one file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else text_of(content))
    return path


def write_zip(path: Path, files: Mapping[str, bytes | Sequence[Mapping[str, Any]]]) -> Path:
    """Write a zip like Spotify's."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, bytes) else text_of(content))
    return path
