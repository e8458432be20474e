"""Fetching facts about artists: merges, tombstones and agreement by alias change the matches."""

from __future__ import annotations

from datetime import datetime

import orjson

from extract_load.musicbrainz.batching import BatchAnswers
from extract_load.musicbrainz.client import Entity
from extract_load.musicbrainz.fetch_artists import WantedArtist, _answer_parts, _decisions

OLD, NEW = "5b11f4ce-0000-4000-8000-000000000001", "9282c8b4-0000-4000-8000-000000000002"
MATCH = {"artist_key": "key", "method": "url", "score": 1.0, "attempts": 1}


def wanted(status: str, name: str = "Kino") -> dict[str, WantedArtist]:
    evidence = orjson.dumps({"name": name, "targets": {OLD: "Кино"}}).decode()
    return {OLD: WantedArtist(OLD, "RU", ({**MATCH, "status": status, "evidence": evidence},))}


def test_a_merged_artist_is_kept_under_both_ids_and_its_match_moves() -> None:
    answers = BatchAnswers({}, {OLD: Entity(NEW, {"id": NEW, "name": "Kino"})}, {})
    parts = dict(_answer_parts(answers, wanted("found")))
    assert parts[OLD]["facts"] == {"country_code": "RU", "canonical_mbid": NEW}
    assert NEW in parts
    (decision,) = _decisions(answers, wanted("found"))
    assert (decision.status, decision.mbid, decision.method) == ("found", NEW, "url")


def test_a_deleted_artist_is_a_tombstone_and_its_match_is_gone() -> None:
    answers = BatchAnswers({}, {OLD: Entity(OLD, None)}, {})
    assert dict(_answer_parts(answers, wanted("found"))) == {OLD: {"payload": None, "status": "gone"}}
    (decision,) = _decisions(answers, wanted("found"))
    assert decision.status == "gone"
    payload = decision.envelope("run", datetime(2026, 1, 1)).payload
    assert payload["next_attempt_at"] is not None


def test_an_alias_with_the_name_ends_a_review() -> None:
    document = {"id": OLD, "name": "Кино", "aliases": [{"name": "Kino"}]}
    answers = BatchAnswers({OLD: document}, {}, {})
    assert [one.status for one in _decisions(answers, wanted("review"))] == ["found"]
    assert list(_decisions(answers, wanted("review", "Akvarium"))) == []
    assert list(_decisions(answers, wanted("found"))) == []


def test_a_refused_id_is_a_failure_and_changes_no_match() -> None:
    answers = BatchAnswers({}, {}, {OLD: "too long"})
    assert dict(_answer_parts(answers, wanted("found"))) == {OLD: {"payload": None, "status": "failed"}}
    assert list(_decisions(answers, wanted("found"))) == []
