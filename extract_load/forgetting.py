"""What the listener wanted forgotten, kept out of the spool and the cache for good.

A rule says which rows it reaches: by listener, by the time at which a play ended, and by tracks or artists, which are
only kept hashed. Rules are spool files themselves (`music_tracker/forgotten`), so they survive a rebuild, travel in
backups, and meet old exports and old polls that bring the same plays again. A forgotten line is replaced by a stub that
says which rule took it: lines keep their numbers, and the manifest still accounts for every line of a file.
Source: docs/backup.md, "Forgetting".
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from extract_load.dayfiles import members, write_day
from extract_load.names import fold_name
from extract_load.spool import Envelope, new_file, pack, packed_writer, read_lines, spooled_files, write_envelopes

SOURCE, ENTITY = "music_tracker", "forgotten"
PLAYS = ("recently_played", "streaming_history")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: a row is forgotten that meets all of its parts. Times are naive UTC and belong to the span.

    `subjects` are hashes (with `salt`), empty means all; `entity` narrows it to one kind of spool file; `nearest_to`
    takes only the one row of a file that is nearest to that moment (the same play, told by the other source).
    """

    forget_id: str
    kind: str
    salt: str = ""
    listener_id: str | None = None
    reaches_from: datetime | None = None
    reaches_until: datetime | None = None
    subjects: frozenset[str] = frozenset()
    entity: str | None = None
    nearest_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a rule looks at in a line: when (naive UTC), whose, and the plain names of what it is about."""

    at: datetime | None
    listener_id: str | None
    subjects: frozenset[str]


@dataclass(slots=True)
class Rules:
    """All rules of a spool."""

    rules: list[Rule] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Say whether there is anything to keep out."""
        return bool(self.rules)

    @property
    def salt(self) -> str:
        """Give the salt for a new rule: the one that is in use, so that a line is hashed once for all rules."""
        return self.rules[0].salt if self.rules else secrets.token_hex(16)

    def forgotten_rows(self, lines: Iterable[bytes], entity: str) -> dict[int, str]:
        """Give the numbers (from 1) of lines that a rule reaches, with the rule's forget_id."""
        found: dict[int, str] = {}
        nearest: dict[int, tuple[float, int]] = {}
        whose: str | None = None
        for number, line in enumerate(lines, start=1):
            seen = sighting(line, entity, whose)
            whose = whose or seen.listener_id
            for position, rule in self._reaching(seen, entity):
                if rule.nearest_to is None or seen.at is None:
                    found.setdefault(number, rule.forget_id)
                    continue
                distance = abs((seen.at - rule.nearest_to).total_seconds())
                nearest[position] = min(nearest.get(position, (distance, number)), (distance, number))
        for position, (_, number) in nearest.items():
            found.setdefault(number, self.rules[position].forget_id)
        return found

    def _reaching(self, seen: Sighting, entity: str) -> Iterator[tuple[int, Rule]]:
        hashes: dict[str, frozenset[str]] = {}
        for position, rule in enumerate(self.rules):
            if not _in_reach(rule, seen, entity):
                continue
            if rule.subjects:
                if rule.salt not in hashes:
                    hashes[rule.salt] = hashed(seen.subjects, rule.salt)
                if not rule.subjects & hashes[rule.salt]:
                    continue
            yield position, rule


def load_rules(spool_dir: Path) -> Rules:
    """Read the rules of a spool."""
    rules = Rules()
    for path in sorted((spool_dir / SOURCE / ENTITY).glob("dt=*/*.ndjson.gz")):
        for line in read_lines(path):
            rules.rules.append(_rule(orjson.loads(line)["payload"]))
    return rules


def hashed(subjects: Iterable[str], salt: str) -> frozenset[str]:
    """Give the hashes by which a rule knows subjects."""
    return frozenset(_hashed(salt, subject) for subject in subjects)


def write_rules(spool_dir: Path, rules: Iterable[Rule], *, note: str | None, at: datetime) -> Path | None:
    """Write the rules of one forgetting into the spool, all or none; from then on they hold."""
    envelopes = [
        Envelope(SOURCE, ENTITY, rule.forget_id, at, _payload(rule, note), {}, rule.listener_id) for rule in rules
    ]
    return write_envelopes(spool_dir, envelopes)


def scrub(path: Path, entity: str, rules: Rules) -> int:
    """Replace the lines of a spool file that a rule reaches by stubs, atomically, and say how many."""
    rows = rules.forgotten_rows(read_lines(path), entity)
    if rows:
        with new_file(path) as out, packed_writer(out) as packed:
            for line in _without(read_lines(path), rows):
                packed.write(line)
    return len(rows)


def scrub_day(path: Path, entity: str, rules: Rules) -> int:
    """Do the same for a day file."""
    count, files = 0, []
    for member in members(path):
        lines = member.content.splitlines(keepends=True)
        rows = rules.forgotten_rows(lines, entity)
        count += len(rows)
        kept = pack(b"".join(_without(lines, rows))) if rows else member.packed
        files.append((member.name, kept))
    if count:
        write_day(path, files)
    return count


def stub_of(line: bytes) -> str | None:
    """Give the forget_id of a stub, None for any other line."""
    if b'"forgotten"' not in line:
        return None
    record = orjson.loads(line)
    request = record.get("request")
    return request.get("forgotten") if record.get("payload") is None and isinstance(request, dict) else None


def sighting(line: bytes, entity: str, whose: str | None = None) -> Sighting:
    """Read what a rule looks at: of a play its end, track and artists; of an answer when it came and whom it names.

    The lines of an export after its first are bare rows; `whose` is then the listener that the first line named.
    """
    try:
        record = orjson.loads(line)
        if entity == "streaming_history" and "source" not in record:
            record = {"listener_id": whose, "payload": _row_of(record)}
        payload = record.get("payload")
    except (ValueError, AttributeError, TypeError):
        return Sighting(None, None, frozenset())  # not ours to judge: landing rejects it
    if entity not in PLAYS:
        return Sighting(_moment(record.get("fetched_at")), None, frozenset(_named_in(record)))
    if not isinstance(payload, dict):
        return Sighting(None, record.get("listener_id"), frozenset())
    at = _moment(payload.get("played_at") or payload.get("ts") or payload.get("endTime"))
    return Sighting(at, record.get("listener_id"), frozenset(subjects_of_play(payload)))


def subjects_of_play(payload: Mapping[str, Any]) -> Iterator[str]:
    """Yield the plain names of what a play is about: its track by uri and by names, its artists by id and by name."""
    track = payload.get("track")
    if isinstance(track, dict):
        album = track.get("album")
        credited = [*_dicts(track.get("artists")), *(_dicts(album.get("artists")) if isinstance(album, dict) else ())]
        uri, title = track.get("uri"), track.get("name")
    else:
        name = payload.get("master_metadata_album_artist_name") or payload.get("artistName")
        credited = [{"name": name}]
        uri = payload.get("spotify_track_uri")
        title = payload.get("master_metadata_track_name") or payload.get("trackName")
    if isinstance(uri, str) and uri:
        yield f"track:{uri}"
    for artist in credited:
        yield from subjects_of_artist(artist.get("id"), artist.get("name"))
    if credited and isinstance(title, str) and isinstance(credited[0].get("name"), str):
        yield subject_of_names(credited[0]["name"], title)


def subjects_of_artist(artist_id: Any, name: Any) -> Iterator[str]:
    """Yield the plain names of an artist."""
    if isinstance(artist_id, str) and artist_id:
        yield f"artist:{artist_id}"
    if isinstance(name, str) and name:
        yield f"artist-name:{_folded(name)}"


def subject_of_names(artist: str, title: str) -> str:
    """Give the plain name of a track that is known by names only."""
    return f"names:{_folded(artist)} / {_folded(title)}"


def spool_files_of(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the single files below a root with their entity, rules left out."""
    for path in spooled_files(root):
        entity = path.parent.parent.name
        if (path.parent.parent.parent.name, entity) != (SOURCE, ENTITY):
            yield path, entity


def _in_reach(rule: Rule, seen: Sighting, entity: str) -> bool:
    is_play = entity in PLAYS
    if rule.entity not in {None, entity} or (not is_play and rule.kind != "artist"):
        return False
    if is_play and rule.listener_id not in {None, seen.listener_id}:
        return False
    if seen.at is None:
        return bool(rule.subjects) and rule.reaches_from is None
    after = rule.reaches_from is None or seen.at >= rule.reaches_from
    return after and (rule.reaches_until is None or seen.at <= rule.reaches_until)


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


def _without(lines: Iterable[bytes], rows: Mapping[int, str]) -> Iterator[bytes]:
    for number, line in enumerate(lines, start=1):
        yield _stub(line, rows[number]) if number in rows else line


def _row_of(record: dict[str, Any]) -> Any:
    """Give the row of an export's line: the line itself, or what a rejected one kept of it."""
    return orjson.loads(record.get("payload") or "null") if "_" in record else record


def _stub(line: bytes, forget_id: str) -> bytes:
    record = orjson.loads(line)
    taken = {"request": {"forgotten": forget_id}, "payload": None}
    record = record | taken if "source" in record else {"_": "forgotten", **taken}
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _rule(payload: Mapping[str, Any]) -> Rule:
    return Rule(
        forget_id=payload["forget_id"],
        kind=payload["kind"],
        salt=payload["salt"],
        listener_id=payload["listener_id"],
        reaches_from=_moment(payload["reaches_from"]),
        reaches_until=_moment(payload["reaches_until"]),
        subjects=frozenset(payload["subjects"]),
        entity=payload["entity"],
        nearest_to=_moment(payload["nearest_to"]),
    )


def _payload(rule: Rule, note: str | None) -> dict[str, Any]:
    return {
        "forget_id": rule.forget_id,
        "kind": rule.kind,
        "listener_id": rule.listener_id,
        "reaches_from": _text(rule.reaches_from),
        "reaches_until": _text(rule.reaches_until),
        "subjects": sorted(rule.subjects),
        "entity": rule.entity,
        "nearest_to": _text(rule.nearest_to),
        "note": note,
        "salt": rule.salt,
    }


def _moment(text: Any) -> datetime | None:
    """Read a time of ours or of Spotify's as naive UTC; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


@lru_cache(maxsize=65536)
def _folded(name: str) -> str:
    return fold_name(name)


def _hashed(salt: str, subject: str) -> str:
    return hashlib.sha256(f"{salt}|{subject}".encode(errors="surrogatepass")).hexdigest()[:32]
