"""Erasure in files: every form of storage, idempotent, and nothing else is touched."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest

from extract_load.core.errors import BadInput
from extract_load.erasure.rewrite import erase_everywhere, erase_in_file
from extract_load.erasure.rules import Rule, Rules, hashed, load_rules, write_rules
from extract_load.storage.day_files import archive_of, write_archive
from extract_load.storage.spool import Envelope, SpoolStore, write_envelopes

NOON = datetime(2026, 11, 23, 12)
RULES = Rules([Rule("f1", "artist", "salt", subjects=hashed(["artist:odd"], "salt"))])


@pytest.fixture
def store(tmp_path: Path) -> SpoolStore:
    """Return an empty store."""
    return SpoolStore(tmp_path / "src", tmp_path / "cache")


def spool(store: SpoolStore, *artists: str, day: int = 0) -> Path:
    at = NOON + timedelta(days=day)
    items = [{"played_at": f"{at:%FT%T}Z", "track": {"artists": [{"id": one}]}} for one in artists]
    path = write_envelopes(
        store.roots[0], [Envelope("spotify", "recently_played", "r1", at, one, {}, "me") for one in items]
    )
    assert path is not None
    return path


def test_lines_are_erased_in_the_spool_the_cache_and_day_archives(store: SpoolStore) -> None:
    """They keep their numbers; a second time finds nothing to do."""
    single = spool(store, "band", "odd", "band")
    archived = spool(store, "odd", day=1)
    archive = archive_of(archived.parent)
    write_archive(archive, [(archived.name, archived.read_bytes())])
    archived.unlink()
    answer = write_envelopes(store.roots[1], [Envelope("spotify", "artist", "r1", NOON, {"id": "odd"}, {"id": "odd"})])
    assert answer is not None
    assert erase_everywhere(store, RULES) == 3
    payloads = [[orjson.loads(line)["payload"] is None for line in store.read_lines(file)] for file in store.files()]
    assert sorted(payloads) == [[False, True, False], [True], [True]]
    before = {path: path.read_bytes() for path in (single, archive, answer)}
    assert erase_everywhere(store, RULES) == 0
    assert {path: path.read_bytes() for path in before} == before


def test_a_file_without_a_match_is_not_touched(store: SpoolStore) -> None:
    """Not even written again: it is the same file on disk. Without rules nothing is read."""
    path = spool(store, "band")
    before = path.stat()
    assert erase_in_file(store, path, RULES) == 0
    assert path.stat().st_ino == before.st_ino
    path.write_bytes(b"damaged")
    assert erase_everywhere(store, Rules()) == 0
    with pytest.raises(BadInput, match=path.name):
        erase_everywhere(store, RULES)


def test_the_rules_themselves_are_never_erased(store: SpoolStore) -> None:
    """However far one reaches."""
    rule = Rule("f2", "span", listener_id=None)
    path = write_rules(store.roots[0], [rule], note=None, at=NOON)
    assert path is not None
    assert erase_in_file(store, path, Rules([rule])) == 0
    assert load_rules(store.roots[0]).rules == [rule]


def test_half_written_files_of_dead_processes_go(store: SpoolStore) -> None:
    """They may hold what is to be erased; a fresh one may belong to a poll that is being written."""
    folder = spool(store, "band").parent
    old, fresh = folder / "old.ndjson.gz.partial", folder / "fresh.ndjson.gz.partial"
    for path in (old, fresh):
        path.touch()
    os.utime(old, (0, 0))
    erase_everywhere(store, RULES)
    assert (old.exists(), fresh.exists()) == (False, True)
