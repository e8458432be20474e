"""Erasure rules: what they reach, and that they come back from the spool as they were written."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from extract_load.erasure.line_subjects import EXPORTS, POLLS
from extract_load.erasure.rules import Rule, Rules, hashed, is_rule_file, load_rules, write_rules

NOON = datetime(2026, 11, 23, 12)
SALT = "5a17"


def item(minute: int, artist: str = "Band", listener_id: str = "me") -> bytes:
    at = NOON + timedelta(minutes=minute)
    track = {"uri": f"spotify:track:{minute}", "name": "Song", "artists": [{"id": artist.lower(), "name": artist}]}
    return orjson.dumps({"listener_id": listener_id, "payload": {"played_at": f"{at:%FT%T}Z", "track": track}})


def reached(lines: list[bytes], *rules: Rule, entity: str = POLLS) -> dict[int, str]:
    return Rules(list(rules)).erased_lines(lines, entity)


def test_a_span_reaches_both_of_its_ends() -> None:
    """In polls and exports, of one listener or all; never the answers in the cache."""
    lines = [item(0), item(1), item(2, listener_id="other"), item(3)]
    span: dict[str, Any] = {"reaches_from": NOON + timedelta(minutes=1), "reaches_until": NOON + timedelta(minutes=2)}
    assert reached(lines, Rule("f1", "span", **span)) == {2: "f1", 3: "f1"}
    assert reached(lines, Rule("f1", "span", listener_id="me", **span)) == {2: "f1"}
    assert reached(lines, Rule("f1", "span", entity=EXPORTS, **span)) == {}
    assert reached(lines, Rule("f1", "span", **span), entity="artist") == {}


@pytest.mark.parametrize("subject", ["artist:odd", "artist-name:odd"])
def test_an_artist_is_reached_by_any_subject(subject: str) -> None:
    """Other artists stay, and so does one with another salt."""
    lines = [item(0), item(1, "Odd"), item(2, "Odd!")]
    rule = Rule("f1", "artist", SALT, subjects=hashed([subject], SALT))
    assert reached(lines, rule) == ({2: "f1"} if subject == "artist:odd" else {2: "f1", 3: "f1"})
    assert reached(lines, Rule("f1", "artist", "other", subjects=rule.subjects)) == {}


def test_an_answer_about_the_artist_is_reached_in_the_cache() -> None:
    """By rules about an artist only."""
    answer = orjson.dumps({"fetched_at": "2026-11-23T12:00:00", "request": {"id": "odd"}, "payload": {}})
    subjects = hashed(["artist:odd"], SALT)
    assert reached([answer], Rule("f1", "artist", SALT, subjects=subjects), entity="artist") == {1: "f1"}
    assert reached([answer], Rule("f1", "play", SALT, subjects=subjects), entity="artist") == {}


def test_only_the_nearest_row_to_a_moment_is_taken() -> None:
    """Within the span of the rule; without a row there, none."""
    lines = [item(0), item(3), item(7)]
    near: dict[str, Any] = {"nearest_to": NOON + timedelta(minutes=4)}
    assert reached(lines, Rule("f1", "play", **near)) == {2: "f1"}
    assert reached(lines, Rule("f1", "play", reaches_from=NOON + timedelta(minutes=5), **near)) == {3: "f1"}
    assert reached(lines, Rule("f1", "play", reaches_from=NOON + timedelta(minutes=8), **near)) == {}


def test_a_row_without_a_time_is_reached_by_its_subjects_only() -> None:
    """Unless the rule has a beginning, which it may lie before."""
    row = orjson.dumps({"listener_id": "me", "payload": {"track": {"uri": "spotify:track:1"}}})
    subjects = hashed(["track:spotify:track:1"], SALT)
    assert reached([row], Rule("f1", "play", SALT, subjects=subjects)) == {1: "f1"}
    assert reached([row], Rule("f1", "play", SALT, subjects=subjects, reaches_from=NOON)) == {}
    assert reached([row], Rule("f1", "span", reaches_until=NOON)) == {}


def test_the_first_rule_that_reaches_a_line_is_named() -> None:
    """Rules are kept in the order of their requests."""
    assert reached([item(0)], Rule("f1", "span"), Rule("f2", "span")) == {1: "f1"}


def test_rules_come_back_from_the_spool_as_they_were_written(tmp_path: Path) -> None:
    """In the order of their requests; the subjects are there as hashes only."""
    subjects = hashed(["artist-name:secret band"], SALT)
    first = Rule("f1", "artist", SALT, "me", NOON - timedelta(days=1), NOON, subjects, POLLS, NOON)
    second = Rule("f2", "span", SALT, reaches_until=NOON)
    late = write_rules(tmp_path, [second], note=None, at=NOON + timedelta(hours=1))
    early = write_rules(tmp_path, [first], note="a note", at=NOON)
    assert early is not None
    assert late is not None
    found = load_rules(tmp_path)
    assert found.rules == [first, second]
    assert found.salt == SALT
    assert is_rule_file(f"src/{early.relative_to(tmp_path).as_posix()}")
    assert not is_rule_file("src/spotify/recently_played/dt=2026-11-23/x.ndjson.gz")


def test_without_rules_nothing_is_kept_out(tmp_path: Path) -> None:
    """And each first request draws a salt of its own."""
    assert not load_rules(tmp_path)
    assert Rules().salt != Rules().salt
    assert reached([item(0)]) == {}
