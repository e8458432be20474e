"""Remove a listener from the spool: every file of theirs, and every answer about what nobody else has heard.

A rule of kind `listener` names them by a hash and a moment: files written until then are theirs to go, wherever they
come from (an old backup, a process that was killed); who comes back under the same id later is kept. Answers go when
nothing that is left mentions them: neither a play nor another answer that a play leads to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from extract_load.core.text import fold_name
from extract_load.erasure.line_subjects import PLAYS, tombstone
from extract_load.erasure.rules import Rule, Rules, hashed, is_rule_file
from extract_load.storage.day_files import is_day_archive, members, write_archive
from extract_load.storage.spool import CACHE, SpoolStore, StoredFile

KIND = "listener"
_STAMP = "%Y%m%dT%H%M%S%f"
_ID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|[0-9A-Za-z]{22}")


def rule_for(rule: Rule, listener_id: str) -> frozenset[str]:
    """Return the subjects of a rule that removes a listener: a hash of the id."""
    return hashed([f"listener:{listener_id}"], rule.salt)


def names_listener(rule: Rule, listener_id: str) -> bool:
    """Return whether a rule removes this listener."""
    return rule.kind == KIND and bool(rule.subjects & rule_for(rule, listener_id))


def is_removed(store: SpoolStore, file: StoredFile, rules: Rules) -> bool:
    """Return whether a spool file is of a listener who was removed after it was written."""
    removals = [rule for rule in rules.rules if rule.kind == KIND]
    if not removals or not (file.entity in PLAYS or is_rule_file(file.manifest_path)):
        return False
    record = _record(next(iter(store.read_lines(file)), b""))
    whose = record.get("listener_id")
    return isinstance(whose, str) and any(
        names_listener(rule, whose) and _is_written_before(file.name, rule) for rule in removals
    )


def remove_listener_files(store: SpoolStore, rules: Rules) -> int:
    """Delete the spool files of removed listeners, in both forms, and return how many. Errors: BadInput (damaged)."""
    count = 0
    for path in list(store.paths()):
        files = store.files_in(path)
        gone = {file.name for file in files if is_removed(store, file, rules)}
        if not gone:
            continue
        count += len(gone)
        kept = [(one.name, one.packed) for one in members(path) if one.name not in gone] if is_day_archive(path) else []
        if kept:
            write_archive(path, kept)
        else:
            path.unlink()
    return count


def erase_unheard(store: SpoolStore, forget_id: str) -> int:
    """Replace the answers that nothing leads to any more by tombstones, and return how many."""
    ids, names = _heard(store)
    answers = [_Answer(line) for _, line in _lines(store, is_answer=True)]
    waiting = [answer for answer in answers if answer.keys]
    while waiting:
        is_reached = [answer.is_reached(ids, names) for answer in waiting]
        if not any(is_reached):
            break
        ids.update(*(answer.mentioned for answer, now in zip(waiting, is_reached, strict=True) if now))
        waiting = [answer for answer, now in zip(waiting, is_reached, strict=True) if not now]

    def unreached(lines: Iterable[bytes], _entity: str) -> Mapping[int, str]:
        numbered = ((number, _Answer(line)) for number, line in enumerate(lines, start=1))
        return {number: forget_id for number, one in numbered if one.keys and not one.is_reached(ids, names)}

    paths = [path for path in store.paths() if _is_answers(store, path)]
    return sum(store.rewrite_lines(path, unreached, tombstone) for path in paths)


class _Answer:
    """One line of the cache: by which ids it is found, whom it names, and which ids it leads to."""

    __slots__ = ("keys", "mentioned", "name")

    def __init__(self, line: bytes) -> None:
        record = _record(line)
        payload, request = _dict(record.get("payload")), _dict(record.get("request"))
        found = (request.get("id"), payload.get("artist_key"), payload.get("mbid"))
        self.keys = {one.encode() for one in found if isinstance(one, str) and _ID.fullmatch(one.encode())}
        self.mentioned = set(_ID.findall(line))
        name = _dict(payload.get("evidence")).get("name")
        self.name = fold_name(name) if isinstance(name, str) else ""

    def is_reached(self, ids: set[bytes], names: set[str]) -> bool:
        return bool(self.keys & ids) or (bool(self.name) and self.name in names)


def _heard(store: SpoolStore) -> tuple[set[bytes], set[str]]:
    """Return every id that the plays hold, and every artist that they name, folded."""
    ids: set[bytes] = set()
    names: set[str] = set()
    for entity, line in _lines(store, is_answer=False):
        if entity in PLAYS:
            ids.update(_ID.findall(line))
            names.update(fold_name(name) for name in _artist_names(_record(line)))
    return ids, names


def _artist_names(record: Mapping[str, Any]) -> Iterator[str]:
    track = _dict(_dict(record.get("payload")).get("track"))
    artists = track.get("artists")
    named = [_dict(one).get("name") for one in artists] if isinstance(artists, list) else []
    for name in (*named, record.get("master_metadata_album_artist_name"), record.get("artistName")):
        if isinstance(name, str):
            yield name


def _lines(store: SpoolStore, *, is_answer: bool) -> Iterator[tuple[str, bytes]]:
    for path in store.paths():
        if _is_answers(store, path) is is_answer:
            for file in store.files_in(path):
                for line in store.read_lines(file):
                    yield file.entity, line


def _is_answers(store: SpoolStore, path: Path) -> bool:
    return store.manifest_path(path).startswith(CACHE)


def _is_written_before(name: str, rule: Rule) -> bool:
    return rule.reaches_until is None or name.split("_", 1)[0] <= rule.reaches_until.strftime(_STAMP)


def _record(line: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except ValueError:
        return {}
    return _dict(found)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
