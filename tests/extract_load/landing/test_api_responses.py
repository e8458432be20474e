"""Enrichment answers: a version where a payload changed, and the latest state of each key."""

from __future__ import annotations

from datetime import timedelta

from extract_load.context import Context
from tests.support.landing import NOON, accounts, rows, spool_answers


def test_an_answer_is_a_new_version_only_when_it_changed(context: Context) -> None:
    """Three reads, one change: two versions, and the lookup has the newest."""
    for hour, payload in enumerate([{"name": "a"}, {"name": "a"}, {"name": "b"}]):
        spool_answers(context, [("t1", payload, {})], NOON + timedelta(hours=hour))
    context.landing.land()
    assert rows(context, "select version, payload ->> '$.name' from raw.api_responses order by version") == [
        (1, "a"),
        (2, "b"),
    ]
    assert rows(context, "select version, payload ->> '$.name', status from lookup.spotify_tracks") == [
        (2, "b", "found")
    ]


def test_a_not_found_never_wipes_what_was_found(context: Context) -> None:
    """A 404 after a success makes the row `gone`, with its payload."""
    spool_answers(context, [("t1", {"name": "a"}, {})], NOON)
    spool_answers(context, [("t1", None, {"status": "not_found"})], NOON + timedelta(hours=1))
    context.landing.land()
    assert rows(context, "select status, payload ->> '$.name' from lookup.spotify_tracks") == [("gone", "a")]


def test_a_not_found_is_asked_again_ever_later(context: Context) -> None:
    """Each further not-found doubles the wait."""
    for hour in range(2):
        spool_answers(context, [("t1", None, {"status": "not_found"})], NOON + timedelta(hours=hour))
    context.landing.land()
    assert rows(
        context, "select attempts, next_attempt_at - fetched_at > interval 150 days from lookup.spotify_tracks"
    ) == [(2, True)]


def test_a_simplified_track_never_replaces_a_full_one(context: Context) -> None:
    """What an album says of its tracks has no ISRC, and gives way."""
    spool_answers(context, [("t1", {"isrc": 1}, {"origin": "track"})], NOON)
    spool_answers(context, [("t1", {"simple": 1}, {"origin": "album"})], NOON + timedelta(hours=1))
    context.landing.land()
    assert rows(context, "select origin from lookup.spotify_tracks") == [("track",)]


def test_a_full_track_replaces_a_simplified_one(context: Context) -> None:
    """The stronger read wins, also inside one file and also when the weaker one comes last."""
    spool_answers(context, [("t1", {"simple": 1}, {"origin": "album"})])
    spool_answers(
        context,
        [("t1", {"isrc": 1}, {"origin": "track"}), ("t1", {"simple": 2}, {"origin": "album"})],
        NOON + timedelta(hours=1),
    )
    context.landing.land()
    assert rows(context, "select origin, payload ->> '$.isrc', version from lookup.spotify_tracks") == [
        ("track", "1", 2)
    ]


def test_the_facts_beside_an_answer_fill_their_columns(context: Context) -> None:
    """A later answer without a fact keeps what is known."""
    kind = ("musicbrainz", "artist")
    facts = {"facts": {"country_code": "IS", "canonical_mbid": "m2"}}
    spool_answers(context, [("m1", {"name": "Björk"}, facts)], kind=kind)
    spool_answers(context, [("m1", {"name": "Björk"}, {})], NOON + timedelta(days=1), kind=kind)
    context.landing.land()
    sql = "select country_code, canonical_mbid, version, next_attempt_at from lookup.musicbrainz_artists"
    assert rows(context, sql) == [("IS", "m2", 1, NOON + timedelta(days=181))]


def test_an_erased_answer_is_a_rejected_row_without_content(context: Context) -> None:
    """The tombstone is no answer: no version, no row in lookup."""
    spool_answers(context, [("t1", {"name": "a"}, {}), (None, None, {"forgotten": "f1"})])
    context.landing.land()
    assert rows(context, "select spotify_track_id from lookup.spotify_tracks") == [("t1",)]
    assert rows(context, "select row_number, reason, detail, payload from ops.rejected_rows") == [
        (2, "forgotten", "f1", None)
    ]
    assert accounts(context) == [(2, 1, 0, 1)]
