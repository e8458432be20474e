"""Landing of MusicBrainz: decisions, evidence, genres and areas come out of the cache as they went in."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from extract_load.context import Context
from tests.support.landing import NOON, accounts, rows, spool_answers

ICELAND = "22222222-2222-4222-8222-222222222222"
REYKJAVIK = "33333333-3333-4333-8333-333333333333"


def decide(context: Context, *decisions: dict[str, Any], at: datetime = NOON) -> None:
    full = [
        {"status": "found", "method": "url", "score": 1, "evidence": {"page": "p"}, "attempts": 0} | one
        for one in decisions
    ]
    spool_answers(context, [(None, one, {}) for one in full], at, ("musicbrainz", "match"))


def test_the_last_decision_about_an_artist_holds(context: Context) -> None:
    """In one file and over several."""
    decide(context, {"artist_key": "a", "mbid": "m1"}, {"artist_key": "a", "mbid": "m2"}, {"artist_key": "b"})
    decide(context, {"artist_key": "b", "mbid": "m3", "status": "review", "attempts": 2}, at=NOON + timedelta(hours=1))
    context.landing.land()
    sql = "select artist_key, mbid, status, attempts, matched_at from lookup.musicbrainz_matches order by all"
    assert rows(context, sql) == [
        ("a", "m2", "found", 0, NOON),
        ("b", "m3", "review", 2, NOON + timedelta(hours=1)),
    ]


def test_a_manual_match_is_never_overwritten(context: Context) -> None:
    """Whatever the cache says."""
    with context.warehouse.open("test") as connection:
        connection.execute(
            "insert into lookup.musicbrainz_matches (artist_key, status, mbid, method, attempts)"
            " values ('a', 'found', 'mine', 'manual', 0)"
        )
    decide(context, {"artist_key": "a", "mbid": "m1"})
    context.landing.land()
    assert rows(context, "select mbid, method from lookup.musicbrainz_matches") == [("mine", "manual")]


def test_evidence_is_a_version_where_it_changed(context: Context) -> None:
    """A page without a body is none."""
    for hour, payload in enumerate([{"url": 1}, {"url": 1}, None, {"url": 2}]):
        spool_answers(context, [("p", payload, {})], NOON + timedelta(hours=hour), ("musicbrainz", "page"))
    context.landing.land()
    assert rows(context, "select version, payload ->> '$.url' from raw.api_responses order by all") == [
        (1, "1"),
        (2, "2"),
    ]
    assert accounts(context) == [(1, 1, 0, 0)] * 4


def test_a_genre_that_is_gone_from_the_list_goes(context: Context) -> None:
    """Names are folded to lower case, once each."""
    kind = ("musicbrainz", "genre")
    spool_answers(context, [(None, ["Trip Hop", " trip hop ", "polka"], {})], kind=kind)
    context.landing.land()
    assert rows(context, "select genre from lookup.musicbrainz_genres order by all") == [("polka",), ("trip hop",)]
    spool_answers(context, [(None, ["trip hop"], {})], NOON + timedelta(days=1), kind)
    context.landing.land()
    assert rows(context, "select * from lookup.musicbrainz_genres") == [("trip hop", NOON + timedelta(days=1))]


def test_an_area_gets_its_parent_and_country(context: Context) -> None:
    """As soon as both have landed, in whatever order."""
    link = {"type": "part of", "direction": "backward", "area": {"id": ICELAND, "type": "Country"}}
    kind = ("musicbrainz", "area")
    spool_answers(context, [(REYKJAVIK, {"type": "City", "relations": [link]}, {})], kind=kind)
    context.landing.land()
    sql = "select parent_area_mbid, country_code from lookup.musicbrainz_areas where area_mbid = "
    assert rows(context, f"{sql}'{REYKJAVIK}'") == [(ICELAND, None)]
    country = {"type": "Country", "iso-3166-1-codes": ["IS"]}
    spool_answers(context, [(ICELAND, country, {})], NOON + timedelta(hours=1), kind)
    context.landing.land()
    assert rows(context, f"{sql}'{REYKJAVIK}'") == [(ICELAND, "IS")]


def test_an_erased_decision_is_a_rejected_row(context: Context) -> None:
    """The others of its file land."""
    spool_answers(
        context,
        [(None, None, {"forgotten": "f1"}), (None, {"artist_key": "b", "status": "found", "attempts": 0}, {})],
        kind=("musicbrainz", "match"),
    )
    context.landing.land()
    assert rows(context, "select artist_key from lookup.musicbrainz_matches") == [("b",)]
    assert rows(context, "select reason, detail, payload from ops.rejected_rows") == [("forgotten", "f1", None)]
    assert accounts(context) == [(2, 1, 0, 1)]
