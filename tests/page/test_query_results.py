"""The queries that are written for speed give what the plain way of asking gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from page.database import Cursor, Database
from page.entities import Kind
from page.params import Measure, Params, Rule
from page.sql import Statement, Value, statement


@pytest.fixture
def cursor(published: Path) -> Iterator[Cursor]:
    """Yield a cursor on the small published file."""
    with Database(published).cursor() as cursor:
        yield cursor


@pytest.fixture
def params(cursor: Cursor) -> Params:
    """Return all time of the first listener."""
    listener = cursor.facts.listeners[0]
    return Params(listener, listener.first_day, listener.last_day)


def asked(cursor: Cursor, name: str, params: Params, **arguments: Value) -> list[dict[str, Any]]:
    """Return the rows of a query of the pages."""
    return cursor.fetch(statement(name, params, arguments)).rows


def plainly(cursor: Cursor, text: str, **bound: Value) -> list[dict[str, Any]]:
    """Return the rows of a query of the test."""
    return cursor.fetch(Statement("plain", text, bound)).rows


FILTERS: list[dict[str, Value]] = [
    {}, {"weekday": 3}, {"hour": 12}, {"kind": "country", "key": "Iceland"},
    {"kind": "country", "key": "Iceland", "weekday": 2}, {"kind": "country", "key": "Iceland", "weekday": 2, "hour": 9},
]  # fmt: skip


@pytest.mark.parametrize("arguments", FILTERS, ids=str)
def test_pages_of_plays_join_to_all_plays_in_order(cursor: Cursor, params: Params, arguments: dict[str, Value]) -> None:
    """Whatever the filter, each play stands on one page, newest first, and the total is theirs."""
    everything = asked(cursor, "plays", params, **arguments)
    paged: list[dict[str, Any]] = []
    while rows := asked(cursor, "plays", params, **arguments, row_limit=97, row_offset=len(paged)):
        paged += rows
    assert paged == everything != []
    assert {row["total"] for row in paged} == {len(paged)}
    keys = [row["play_key"] for row in everything]
    ordered = plainly(cursor, "select play_key from marts.fct_plays order by started_at desc, play_key")
    assert keys == [row["play_key"] for row in ordered if row["play_key"] in set(keys)]
    if not arguments:
        whole = "select count(*) as n from marts.fct_plays where listener_id = 'me' and is_counted"
        assert len(keys) == plainly(cursor, whole)[0]["n"]


def test_no_play_is_no_row(cursor: Cursor, params: Params) -> None:
    """A page behind the last one, and a filter that nothing meets."""
    assert asked(cursor, "plays", params, row_offset=10**6, row_limit=10) == []
    assert asked(cursor, "plays", params, kind="artist", key="nobody") == []


COUNTED_FROM_PLAYS = """
select
    round(coalesce(sum(plays.weight), 0), 2) as plays,
    round(coalesce(sum(plays.ms_played * plays.weight), 0) / 60000.0, 1) as minutes,
    count(distinct plays.date_key) as days,
    count(distinct plays.recording_key) as tracks,
    count(distinct plays.album_key) as albums,
    count(distinct plays.artist_key) as artists
from ({of_one_thing}) as plays
where plays.listener_id = 'me' and plays.date_key between $first_day and $last_day and {counted}
"""


@pytest.mark.parametrize("rule", [Rule.SPOTIFY30, Rule.LASTFM])
@pytest.mark.parametrize("is_whole", [True, False], ids=["of all time", "of six weeks"])
@pytest.mark.parametrize(
    "thing",
    [
        (Kind.ARTIST, "artist2"),
        (Kind.ALBUM, "album3"),
        (Kind.TRACK, "recording7"),
        (Kind.GENRE, "genre3"),
        (Kind.COUNTRY, ""),
    ],
    ids=str,
)
def test_numbers_and_lists_of_a_thing_are_counted_from_plays(
    cursor: Cursor, params: Params, thing: tuple[Kind, str], is_whole: bool, rule: Rule
) -> None:
    """Its totals, the sum of its months and of each of its lists are those of its plays, one by one."""
    kind, name = thing
    key = re.sub(r"\D", "", name) or "Iceland"
    params = replace(params, rule=rule)
    if not is_whole:
        params = replace(params, from_day=date(2024, 1, 10), to_day=date(2024, 2, 20))
    counted = "plays.is_counted" if rule is Rule.SPOTIFY30 else f"plays.is_play_{rule.value} and not plays.is_excluded"
    text = COUNTED_FROM_PLAYS.format(of_one_thing=kind.plays_sql, counted=counted)
    plain = plainly(cursor, text, key=key, first_day=params.from_day, last_day=params.to_day)[0]
    arguments: dict[str, Value] = {"kind": kind.value, "key": key}
    totals = asked(cursor, "entity_totals", params, **arguments)[0]
    assert plain["plays"] > 0
    assert {name: totals[name] for name in ("plays", "minutes", "days", "tracks")} == {
        name: plain[name] for name in ("plays", "minutes", "days", "tracks")
    }
    for name in ("entity_months", "entity_tracks", "entity_albums", "entity_artists"):
        rows = asked(cursor, name, params, **arguments)
        assert sum(row["plays"] or 0 for row in rows) == pytest.approx(plain["plays"], abs=0.005 * (len(rows) + 1))
        assert sum(row["minutes"] or 0 for row in rows) == pytest.approx(plain["minutes"], abs=0.05 * (len(rows) + 1))
        if name != "entity_months":
            assert len(rows) == rows[0]["total"] == plain[name.removeprefix("entity_")]


@pytest.mark.parametrize("kind", ["artists", "tracks", "albums", "genres", "countries"])
@pytest.mark.parametrize("measure", list(Measure))
def test_places_of_the_period_before_are_those_of_its_list(
    cursor: Cursor, params: Params, kind: str, measure: Measure
) -> None:
    """Whichever part of the list is asked for."""
    february = replace(params, from_day=date(2024, 2, 1), to_day=date(2024, 2, 29), measure=measure)
    before = february.previous()
    assert before
    places = {row["key"]: row["rank"] for row in asked(cursor, f"top_{kind}", before)}
    everything = asked(cursor, f"top_{kind}", february)
    assert any(row["rank_before"] for row in everything)
    for row in everything:
        assert row["rank_before"] == places.get(row["key"])
    some = asked(cursor, f"top_{kind}", february, row_limit=2, row_offset=1)
    assert some == everything[1:3]


@pytest.mark.parametrize("kind", ["artists", "tracks"])
@pytest.mark.parametrize("measure", list(Measure))
def test_what_is_compared_is_what_the_lists_of_both_periods_have(
    cursor: Cursor, params: Params, kind: str, measure: Measure
) -> None:
    """Plays, minutes and ranks, whether the two overlap, and whichever is the earlier."""
    spans = (date(2024, 2, 1), date(2024, 4, 20)), (date(2024, 4, 1), date(2024, 4, 30))
    for (a_from, a_to), (b_from, b_to) in (spans, spans[::-1]):
        one, other = (
            {
                row["key"]: row
                for row in asked(cursor, f"top_{kind}", replace(params, from_day=first, to_day=last, measure=measure))
            }
            for first, last in ((a_from, a_to), (b_from, b_to))
        )
        between: dict[str, Value] = {"a_from": a_from, "a_to": a_to, "b_from": b_from, "b_to": b_to}
        rows = asked(cursor, f"compare_{kind}", replace(params, measure=measure), **between)
        assert {row["key"] for row in rows} == {row["key"] for row in (one | other).values() if row["key"] != "0"}
        assert asked(cursor, f"compare_{kind}", replace(params, measure=measure), **between, row_limit=3) == rows[:3]
        for row in rows:
            for span, listed in (("a", one.get(row["key"])), ("b", other.get(row["key"]))):
                numbers = (row[f"plays_{span}"], row[f"minutes_{span}"], row[f"rank_{span}"])
                assert numbers == ((listed["plays"], listed["minutes"], listed["rank"]) if listed else (0, 0, None))


@pytest.mark.parametrize("measure", list(Measure))
@pytest.mark.parametrize(("kind", "key"), [("artist", "2"), ("track", "7"), ("album", "3")])
def test_ranks_by_year_are_those_of_the_whole_list(
    cursor: Cursor, params: Params, kind: str, key: str, measure: Measure
) -> None:
    """The place of one thing in a year is its place in the top list of that year."""
    params = replace(params, measure=measure)
    rows = asked(cursor, "entity_years", params, kind=kind, key=key)
    assert [row["year"] for row in rows] == [2023, 2024, 2025]
    for row in rows:
        of_year = replace(params, from_day=date(row["year"], 1, 1), to_day=date(row["year"], 12, 31))
        listed = next(one for one in asked(cursor, f"top_{kind}s", of_year) if one["key"] == key)
        assert (row["rank"], row["plays"], row["minutes"]) == (listed["rank"], listed["plays"], listed["minutes"])


def test_what_is_unknown_has_no_rank_in_any_year(cursor: Cursor, params: Params) -> None:
    """It is counted, and pushes nothing down."""
    rows = asked(cursor, "entity_years", params, kind="track", key="0")
    assert rows
    assert {row["rank"] for row in rows} == {None}


@pytest.mark.parametrize("rule", [Rule.SPOTIFY30, Rule.ANY])
def test_a_new_number_one_had_more_plays_than_anyone_before(cursor: Cursor, params: Params, rule: Rule) -> None:
    """Added up day by day, artist by artist."""
    column = "plays" if rule is Rule.SPOTIFY30 else f"plays_{rule.value}"
    heard = plainly(
        cursor,
        f"select date_key, artist_key, cast(sum({column}) as integer) as plays from marts.fct_listening_days"
        " where listener_id = 'me' and artist_key > 0 group by all order by all",
    )
    totals: dict[int, int] = {}
    found: list[tuple[date, int]] = []
    leader, record = None, 0
    for day in sorted({row["date_key"] for row in heard}):
        for row in (one for one in heard if one["date_key"] == day):
            totals[row["artist_key"]] = totals.get(row["artist_key"], 0) + row["plays"]
        best = max(totals, key=lambda number: (totals[number], -number))
        if totals[best] > record:
            if best != leader and totals[best] >= 10:
                found.append((day, totals[best]))
            leader, record = best, totals[best]
    rows = asked(cursor, "milestones", replace(params, rule=rule))
    shown = [(row["reached_on"], row["step"]) for row in rows if row["kind"] == "number one"]
    assert sorted(shown) == found
    assert found


@pytest.mark.parametrize("rule", list(Rule))
def test_quality_and_totals_are_counted_from_plays(cursor: Cursor, params: Params, rule: Rule) -> None:
    """From the plays with their dimensions, one by one."""
    params = replace(params, rule=rule, from_day=date(2024, 1, 1), to_day=date(2024, 12, 31))
    counted = "plays.is_counted" if rule is Rule.SPOTIFY30 else f"is_play_{rule.value} and not is_excluded"
    plain = plainly(
        cursor,
        f"""
        select
            count(*) as plays,
            round(sum(ms_played) / 60000.0, 1) as minutes,
            count(distinct plays.recording_key) filter (where plays.recording_key <> 0) as tracks,
            count(distinct artists.artist_key) filter (where not artists.is_special_purpose) as artists,
            count(distinct date_key) as days,
            round(100.0 * count(*) filter (where artists.country_code is not null) / count(*), 2) as country_known_pct,
            round(100.0 * count(*) filter (where artists.main_genre <> 'unknown') / count(*), 2) as genre_known_pct,
            round(100.0 * count(*) filter (where recordings.is_enriched) / count(*), 2) as looked_up_pct
        from marts.fct_plays as plays
        inner join marts.dim_artist as artists using (artist_key)
        inner join marts.dim_recording as recordings using (recording_key)
        where listener_id = 'me' and year(date_key) = 2024 and {counted}
        """,
    )[0]
    shown = asked(cursor, "totals", params)[0] | asked(cursor, "quality", params)[0]
    assert {name: shown[name] for name in plain} == plain
    assert shown["exact_pct"] + shown["bounded_pct"] + shown["assumed_pct"] == pytest.approx(100, abs=0.02)


def test_shares_of_genre_families_are_whole(cursor: Cursor, params: Params) -> None:
    """Their plays add up to all plays of the month, whatever the weights."""
    rows = asked(cursor, "genre_shares", params, bucket="month")
    for month in {row["period_start"] for row in rows}:
        shares = [row["share_pct"] for row in rows if row["period_start"] == month]
        assert sum(shares) == pytest.approx(100, abs=0.05)
    plays = plainly(cursor, "select count(*) as n from marts.fct_plays where listener_id = 'me' and is_counted")[0]["n"]
    assert sum(row["plays"] for row in rows) == pytest.approx(plays, abs=0.5)
