"""A removed listener's files go, and answers about what nobody else heard; everybody else's stay as they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from extract_load.erasure.removed_listeners import (
    KIND,
    erase_unheard,
    is_removed,
    remove_listener_files,
    rule_for,
)
from extract_load.erasure.rules import Rule, Rules
from extract_load.storage.spool import Envelope, SpoolStore, write_envelopes
from tests.support.data_directories import START, DataDirectory, play

REMOVED_AT = START + timedelta(days=3)
MBID, AREA = "a74b1b7f-71a5-4011-9441-d0b5e4122711", "3bad79a2-895a-49ff-8277-fe683fade6b2"


def rules(until: datetime = REMOVED_AT) -> Rules:
    """Return the rule that removes anna."""
    rule = Rule("f1", KIND, "salt", reaches_until=until)
    return Rules([Rule("f1", KIND, "salt", reaches_until=until, subjects=rule_for(rule, "anna"))])


def poll_of(data: DataDirectory, listener: str, number: int, at: datetime = START) -> Any:
    """Spool one play of a listener."""
    one = Envelope("spotify", "recently_played", "run", at, play(number), {}, listener)
    return write_envelopes(data.settings.spool_dir, [one])


def test_only_their_files_go(data_directory: DataDirectory) -> None:
    """Not those of others, not what they bring after they came back."""
    hers, his = poll_of(data_directory, "anna", 1), poll_of(data_directory, "me", 1)
    later = poll_of(data_directory, "anna", 2, REMOVED_AT + timedelta(hours=1))
    store = SpoolStore.of(data_directory.settings)
    assert [file.path for file in store.files() if is_removed(store, file, rules())] == [hers]
    assert not any(is_removed(store, file, Rules()) for file in store.files())
    assert remove_listener_files(store, rules()) == 1
    assert (hers.exists(), his.exists(), later.exists()) == (False, True, True)
    assert remove_listener_files(store, rules()) == 0


def test_members_of_an_archive_go_alone(filled: DataDirectory) -> None:
    """A compacted day keeps the polls of the others, byte by byte."""
    from extract_load.maintenance.compact import compact

    poll_of(filled, "anna", 7)
    compact(filled.settings, filled.warehouse, older_than_days=1, clock=filled.clock)
    store = SpoolStore.of(filled.settings)
    before = {file.manifest_path: store.read_content(file) for file in store.files()}
    assert remove_listener_files(store, rules(START + timedelta(days=900))) == 1
    after = {file.manifest_path: store.read_content(file) for file in store.files()}
    assert len(before) - len(after) == 1
    assert all(before[name] == content for name, content in after.items())


def answer(data: DataDirectory, source: str, entity: str, request: str, payload: dict[str, Any]) -> None:
    """Cache one answer."""
    one = Envelope(source, entity, "run", START, payload, {"id": request, "status": "found"})
    write_envelopes(data.settings.answers_dir, [one])


def test_answers_that_nothing_leads_to_go(data_directory: DataDirectory) -> None:
    """His artist leads to its place; hers leads nowhere any more, whoever is found by a name stays."""
    poll_of(data_directory, "me", 1)
    artist, unheard = f"{1:022d}", f"{777:022d}"
    answer(data_directory, "musicbrainz", "area", AREA, {"id": AREA, "name": "Kept City"})
    answer(data_directory, "musicbrainz", "page", artist, {"relations": [{"artist": {"id": MBID}}]})
    answer(data_directory, "musicbrainz", "artist", MBID, {"id": MBID, "area": {"id": AREA}})
    answer(data_directory, "spotify", "artist", unheard, {"id": unheard, "name": "Planted Band"})
    key = "f03a2b12d96b18e3a2e7aab6b76526fd"
    named = {"artist_key": key, "status": "not_found", "evidence": {"name": "BAND 1"}}
    answer(data_directory, "musicbrainz", "match", key, named)
    answer(data_directory, "musicbrainz", "genre", "all", {"genres": ["pop"]})
    store = SpoolStore.of(data_directory.settings)
    assert erase_unheard(store, "f1") == 1
    kept = b"".join(store.read_content(file) for file in store.files())
    assert b"Planted Band" not in kept and unheard.encode() not in kept
    assert all(text in kept for text in (b"Kept City", MBID.encode(), key.encode(), b"pop"))
    assert erase_unheard(store, "f1") == 0
