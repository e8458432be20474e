"""What the listener wanted forgotten, kept out of the spool and the cache for good.

A rule says which rows it reaches: by listener, by the time at which a play ended, and by tracks or artists, which are
only kept hashed. Rules are spool files themselves (`music_tracker/forgotten`), so they survive a rebuild, travel in
backups, and meet old exports and old polls that bring the same plays again. A forgotten line is replaced by a
tombstone that names the request that erased it: lines keep their numbers, and the manifest still accounts for every
line of a file.
Source: docs/backup.md, "Forgetting".
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from extract_load.core.errors import MALFORMED, BadInput
from extract_load.erasure.line_subjects import PLAYS, LineSubjects, parse_utc, read_line_subjects
from extract_load.storage.gzip_files import SUFFIX, damage_as_bad_input, read_lines
from extract_load.storage.spool import SPOOL, Envelope, write_envelopes

log = logging.getLogger(__name__)

SOURCE, ENTITY = "music_tracker", "forgotten"
_TEXTS = ("forget_id", "kind", "salt")
_TEXTS_OR_NONE = ("listener_id", "reaches_from", "reaches_until", "entity", "nearest_to")


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

    def may_reach(self, seen: LineSubjects, entity: str) -> bool:
        """Return whether kind of file, listener and time are within reach; the subjects are not looked at."""
        is_play = entity in PLAYS
        if self.entity not in {None, entity} or (not is_play and self.kind != "artist"):
            return False
        if is_play and self.listener_id not in {None, seen.listener_id}:
            return False
        if seen.at is None:
            return bool(self.subjects) and self.reaches_from is None
        after = self.reaches_from is None or seen.at >= self.reaches_from
        return after and (self.reaches_until is None or seen.at <= self.reaches_until)


@dataclass(slots=True)
class Rules:
    """All rules of a spool. `damaged` are the rule files (with the reason) that can't be read, so do not hold."""

    rules: list[Rule] = field(default_factory=list)
    damaged: dict[Path, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Return whether there is anything to keep out."""
        return bool(self.rules)

    @property
    def salt(self) -> str:
        """Return the salt for a new rule: the one that is in use, so that a line is hashed once for all rules."""
        return self.rules[0].salt if self.rules else secrets.token_hex(16)

    def erased_lines(self, lines: Iterable[bytes], entity: str) -> dict[int, str]:
        """Return the numbers (from 1) of lines that a rule reaches, with the rule's forget_id."""
        found: dict[int, str] = {}
        nearest: dict[int, tuple[float, int]] = {}
        for number, seen in read_line_subjects(lines, entity):
            for position, rule in self._reaching(seen, entity):
                if rule.nearest_to is None or seen.at is None:
                    found.setdefault(number, rule.forget_id)
                    continue
                distance = abs((seen.at - rule.nearest_to).total_seconds())
                nearest[position] = min(nearest.get(position, (distance, number)), (distance, number))
        for position, (_, number) in nearest.items():
            found.setdefault(number, self.rules[position].forget_id)
        return found

    def _reaching(self, seen: LineSubjects, entity: str) -> Iterator[tuple[int, Rule]]:
        hashes: dict[str, frozenset[str]] = {}
        for position, rule in enumerate(self.rules):
            if not rule.may_reach(seen, entity):
                continue
            if rule.subjects:
                if rule.salt not in hashes:
                    hashes[rule.salt] = hashed(seen.subjects, rule.salt)
                if not rule.subjects & hashes[rule.salt]:
                    continue
            yield position, rule


def is_rule_file(manifest_path: str) -> bool:
    """Return whether a spool file holds rules."""
    return manifest_path.startswith(f"{SPOOL}{SOURCE}/{ENTITY}/")


def load_rules(spool_dir: Path) -> Rules:
    """Read the rules of a spool.

    A damaged file of rules is left out wholly: a rule that is read wrongly could erase what nobody wanted erased. It is
    logged and named in `damaged`; what it erased before stays erased.
    """
    rules = Rules()
    for path in sorted((spool_dir / SOURCE / ENTITY).glob(f"dt=*/*{SUFFIX}")):
        try:
            rules.rules.extend(_read_rules(path))
        except BadInput as error:
            rules.damaged[path] = error.message
            log.error("A file of erasure rules can't be read, so its rules do not hold: %s", error)
    return rules


def _read_rules(path: Path) -> list[Rule]:
    """Return all rules of one file. Errors: BadInput when it is damaged, or holds anything but rules."""
    hint = "Put it back from a backup, or run `music-tracker forget` again."
    try:
        with damage_as_bad_input(path):
            rules = [_rule(orjson.loads(line)["payload"]) for line in read_lines(path)]
    except MALFORMED as error:
        raise BadInput(f"{path.name} is damaged.", hint=hint) from error
    if not rules:
        raise BadInput(f"{path.name} is empty.", hint=hint)
    return rules


def write_rules(spool_dir: Path, rules: Iterable[Rule], *, note: str | None, at: datetime) -> Path | None:
    """Write the rules of one forgetting into the spool, all or none; from then on they hold."""
    envelopes = [
        Envelope(SOURCE, ENTITY, rule.forget_id, at, _payload(rule, note), {}, rule.listener_id) for rule in rules
    ]
    return write_envelopes(spool_dir, envelopes)


def hashed(subjects: Iterable[str], salt: str) -> frozenset[str]:
    """Return the hashes by which a rule knows subjects."""
    return frozenset(_hashed(salt, subject) for subject in subjects)


def _rule(payload: Mapping[str, Any]) -> Rule:
    texts = [payload[key] for key in _TEXTS]
    texts += [payload[key] for key in _TEXTS_OR_NONE if payload[key] is not None]
    subjects = payload["subjects"]
    if not isinstance(subjects, list) or not all(isinstance(text, str) for text in (*texts, *subjects)):
        raise TypeError("a rule with values of other types")
    if any(payload[key] and parse_utc(payload[key]) is None for key in ("reaches_from", "reaches_until", "nearest_to")):
        raise ValueError("a rule with a time that is none")
    return Rule(
        forget_id=payload["forget_id"],
        kind=payload["kind"],
        salt=payload["salt"],
        listener_id=payload["listener_id"],
        reaches_from=parse_utc(payload["reaches_from"]),
        reaches_until=parse_utc(payload["reaches_until"]),
        subjects=frozenset(payload["subjects"]),
        entity=payload["entity"],
        nearest_to=parse_utc(payload["nearest_to"]),
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


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


@lru_cache(maxsize=65536)
def _hashed(salt: str, subject: str) -> str:
    return hashlib.sha256(f"{salt}|{subject}".encode(errors="surrogatepass")).hexdigest()[:32]
