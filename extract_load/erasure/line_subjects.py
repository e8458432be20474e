"""What of a line of a spool file an erasure request may match: when, whose, about which track and artists.

Knows the three forms of lines: an envelope with a play (polls), a bare row below a head line (exports), an envelope
with an answer or a decision (cache). A forgotten line becomes a tombstone, in the form that landing takes for a reject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

import orjson

from extract_load.core.instants import parse_instant
from extract_load.core.local_uris import read_local_uri
from extract_load.core.text import exact_name, fold_name_v1

POLLS, EXPORTS = "recently_played", "streaming_history"
PLAYS = (POLLS, EXPORTS)
_REASON = "forgotten"


@dataclass(frozen=True, slots=True)
class LineSubjects:
    """When (naive UTC), whose, and the plain names of what a line is about, found when asked for."""

    at: datetime | None
    listener_id: str | None
    find_subjects: Callable[[], Iterator[str]]

    @property
    def subjects(self) -> frozenset[str]:
        """Return the plain names of track and artists."""
        return frozenset(self.find_subjects())


def read_line_subjects(lines: Iterable[bytes], entity: str) -> Iterator[tuple[int, LineSubjects]]:
    """Yield (line number from 1, its subjects) for each line that has any."""
    listener_id: str | None = None
    for number, line in enumerate(lines, start=1):
        record = _record(line)
        if record is None:
            continue
        if entity == EXPORTS and number == 1:
            listener_id = _text(record.get("listener_id"))
        elif entity == EXPORTS:
            yield number, _of_play(_row_of(record), listener_id)
        elif entity == POLLS and isinstance(record.get("payload"), dict):
            yield number, _of_play(record["payload"], _text(record.get("listener_id")))
        elif entity not in PLAYS:
            yield number, LineSubjects(parse_utc(record.get("fetched_at")), None, partial(_named_in, record))


def tombstone(line: bytes, entity: str, forget_id: str) -> bytes:
    """Return what takes a forgotten line's place: it says which request erased it, and nothing else."""
    if entity == EXPORTS:
        record: dict[str, Any] = {"_": "rejected", "reason": _REASON, "detail": forget_id, "payload": None}
    else:
        record = orjson.loads(line) | {"request": {_REASON: forget_id}, "payload": None}
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def tombstone_of(line: bytes) -> str | None:
    """Return the forget_id of a tombstone, None for any other line."""
    record = _record(line) if b'"forgotten"' in line else None
    if record is None or record.get("payload") is not None:
        return None
    if record.get("_") == "rejected" and record.get("reason") == _REASON:
        return str(record["detail"])
    request = record.get("request")
    return request.get(_REASON) if isinstance(request, dict) else None


# A name counts to the letter (exact_name). The forms of the first version, which took names of the same folded form,
# are found in lines for the rules that it wrote, and go into no new rule.
FORMS_OF_VERSION_1 = ("artist-name:", "names:")
FORMS_OF_A_TRACK = ("track:", "titled:")


def subjects_of_play(payload: Mapping[str, Any]) -> Iterator[str]:
    """Yield the plain names of what a play is about: its track by uri and by names, its artists by id and by name."""
    track = payload.get("track")
    if isinstance(track, dict):
        album = track.get("album")
        credited = [*_dicts(track.get("artists")), *(_dicts(album.get("artists")) if isinstance(album, dict) else ())]
        uri, title = track.get("uri"), track.get("name")
    else:
        credited = [{"name": payload.get("master_metadata_album_artist_name") or payload.get("artistName")}]
        uri = payload.get("spotify_track_uri")
        title = payload.get("master_metadata_track_name") or payload.get("trackName")
    local = read_local_uri(uri)
    title = title or local.title
    if local.artist and not any(artist.get("name") for artist in credited):
        credited = [{"name": local.artist}]
    if isinstance(uri, str) and uri:
        yield f"track:{uri}"
    for artist in credited:
        yield from subjects_of_artist(artist.get("id"), artist.get("name"))
    if credited and isinstance(title, str) and isinstance(credited[0].get("name"), str):
        yield f"titled:{_exact(credited[0]['name'])} / {_exact(title)}"
        yield f"names:{_folded_v1(credited[0]['name'])} / {_folded_v1(title)}"


def subjects_of_artist(artist_id: Any, name: Any) -> Iterator[str]:
    """Yield the plain names of an artist."""
    if isinstance(artist_id, str) and artist_id:
        yield f"artist:{artist_id}"
    if isinstance(name, str) and name:
        yield f"artist-named:{_exact(name)}"
        yield f"artist-name:{_folded_v1(name)}"


def written_names(line: bytes, entity: str) -> tuple[str, str] | None:
    """Return artist and title of a play's line as they are written there; None where a line has no play."""
    record = _record(line) or {}
    payload = record.get("payload") if entity == POLLS else _row_of(record)
    if not isinstance(payload, dict):
        return None
    track = payload.get("track")
    if isinstance(track, dict):
        artist, title = next((one.get("name") for one in _dicts(track.get("artists"))), None), track.get("name")
    else:
        artist = payload.get("master_metadata_album_artist_name") or payload.get("artistName")
        title = payload.get("master_metadata_track_name") or payload.get("trackName")
    return str(artist or "unknown artist"), str(title or "unknown title")


def parse_utc(text: Any) -> datetime | None:
    """Read a time of ours or of Spotify's as naive UTC; None for anything else."""
    return parse_instant(text)


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(line)
    except ValueError:
        return None  # not ours to judge: landing rejects it
    return found if isinstance(found, dict) else None


def _row_of(record: dict[str, Any]) -> Mapping[str, Any]:
    """Return the row of an export's line; of a rejected one what was kept of it."""
    if record.get("_") != "rejected":
        return record
    kept = record.get("payload")
    return (_record(kept.encode()) if isinstance(kept, str) else None) or {}


def _of_play(payload: Mapping[str, Any], listener_id: str | None) -> LineSubjects:
    at = parse_utc(payload.get("played_at") or payload.get("ts") or payload.get("endTime"))
    return LineSubjects(at, listener_id, partial(subjects_of_play, payload))


def _named_in(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the artists that an answer or a decision is about or credits: by Spotify id, MBID or artist_key."""
    request, payload = record.get("request"), record.get("payload")
    if isinstance(request, dict):
        yield f"artist:{request.get('id')}"
    if isinstance(payload, dict):
        yield f"artist:{payload.get('artist_key')}"
        yield f"artist:{payload.get('mbid')}"
    waiting: list[Any] = [payload]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for artist in (*_dicts(value.get("artists")), *_dicts([value.get("artist")])):
                yield from subjects_of_artist(artist.get("id"), None)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


@lru_cache(maxsize=65536)
def _exact(name: str) -> str:
    return exact_name(name)


@lru_cache(maxsize=65536)
def _folded_v1(name: str) -> str:
    return fold_name_v1(name)
