"""Polls: one row an item, known by listener, time and track; what is not usable is rejected with its reason."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from extract_load.context import Context
from tests.support.landing import NOON, item, rows, spool_poll


def test_an_item_seen_by_two_polls_is_one_row(context: Context) -> None:
    """Overlapping polls land each play once, with the first poll's time."""
    spool_poll(context, [item(), item("2026-11-23T11:05:00.000Z")])
    spool_poll(context, [item("2026-11-23T11:05:00.000Z"), item("2026-11-23T11:09:00.000Z")], NOON + timedelta(hours=1))
    report = context.landing.land()
    assert report.landed[("spotify", "recently_played")] == 3
    assert report.known[("spotify", "recently_played")] == 1
    assert rows(context, "select count(*) from raw.spotify_recently_played where fetched_at = '2026-11-23 12:00'") == [
        (2,)
    ]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (None, "not an object"),
        (7, "not an object"),
        ({"track": {}}, "played_at is missing"),
        (item("yesterday"), "played_at is not a time"),
        (item("0001-01-01T00:00:00Z"), "played_at is before Spotify or far in the future"),
        (item("1970-01-01T00:00:00Z"), "played_at is before Spotify or far in the future"),
        (item("9999-12-31T23:59:59.999Z"), "played_at is before Spotify or far in the future"),
    ],
)
def test_a_malformed_item_is_rejected_with_its_reason_and_the_rest_lands(
    context: Context, bad: Any, reason: str
) -> None:
    """One bad item among good ones costs only itself."""
    spool_poll(context, [item(), bad, item("2026-11-23T11:05:00.000Z")])
    context.landing.land()
    assert rows(context, "select row_number, reason from ops.rejected_rows") == [(2, reason)]
    assert rows(context, "select rows_counted, rows_landed, rows_known, rows_rejected from ops.landed_files") == [
        (3, 2, 0, 1)
    ]


def test_an_item_without_a_track_is_kept(context: Context) -> None:
    """`track: null` is still a play that happened at a known time."""
    spool_poll(context, [item(track=None)])
    context.landing.land()
    assert rows(context, "select track_key from raw.spotify_recently_played") == [("unknown",)]


def test_an_instant_lands_as_what_it_is(context: Context) -> None:
    """An offset is heeded, and an item that another poll showed in another form is known."""
    times = ["2026-11-20T10:40:00+02:00", "2026-11-20T08:40:00.000Z", "2026-11-20 09:00", "2026-02-30T00:00:00Z"]
    for number, played_at in enumerate(times):
        spool_poll(context, [item(played_at)], NOON + timedelta(minutes=number))
    context.landing.land()
    assert rows(context, "select played_at from raw.spotify_recently_played order by all") == [
        (datetime(2026, 11, 20, 8, 40),),
        (datetime(2026, 11, 20, 9),),
    ]
    assert rows(context, "select sum(rows_known)::int from ops.landed_files") == [(1,)]
    assert rows(context, "select reason from ops.rejected_rows") == [("played_at is not a time",)]


def test_a_polled_track_answers_the_catalogue(context: Context) -> None:
    """A full track of a poll is never asked for again."""
    spool_poll(context, [item()])
    context.landing.land()
    assert rows(context, "select spotify_track_id, status, origin from lookup.spotify_tracks") == [
        ("0" * 22, "found", "recently_played")
    ]


def test_an_episode_does_not_answer_the_catalogue(context: Context) -> None:
    """It is a play all the same."""
    episode = {"id": "1" * 22, "uri": "spotify:episode:" + "1" * 22, "type": "episode", "name": "Talk"}
    spool_poll(context, [item(track=episode)])
    context.landing.land()
    assert rows(context, "select track_key from raw.spotify_recently_played") == [(episode["uri"],)]
    assert rows(context, "select * from lookup.spotify_tracks") == []


def test_many_polls_land_as_they_do_one_by_one(context: Context) -> None:
    """Rows, counts, rejects and tracks are those of landing each poll when it comes, whatever the polls share."""
    random.seed(7)
    polls = [
        [
            random.choice(
                [item(f"2026-11-23T11:{random.randrange(9):02}:00.000Z"), item("never"), None, item(track=None)]
            )
        ]
        * random.randrange(1, 3)
        for _ in range(40)
    ]
    paths = [spool_poll(context, items, NOON + timedelta(minutes=n)) for n, items in enumerate(polls)]
    with context.warehouse.open("test") as connection:
        for path in paths:
            context.landing.land_now(connection, [path])
    queries = (
        "select * exclude (landed_at) from raw.spotify_recently_played order by all",
        "select * exclude (landed_at) from ops.landed_files order by all",
        "select * exclude (rejected_at) from ops.rejected_rows order by all",
        "select * from lookup.spotify_tracks order by all",
    )
    one_by_one = [rows(context, query) for query in queries]
    with context.warehouse.open("test") as connection:
        for table in ("raw.spotify_recently_played", "ops.landed_files", "ops.rejected_rows", "lookup.spotify_tracks"):
            connection.execute(f"delete from {table}")
    report = context.landing.land()
    assert report.files == 40
    assert [rows(context, query) for query in queries] == one_by_one


def test_a_damaged_poll_among_many_costs_only_itself(context: Context) -> None:
    """The others land, and the damaged one is named."""
    paths = [spool_poll(context, [item()], NOON + timedelta(minutes=n)) for n in range(5)]
    damaged = paths[2]
    damaged.write_bytes(damaged.read_bytes()[:40])
    report = context.landing.land()
    assert report.files == 4
    assert [name.rsplit("/", 1)[1] for name in report.unreadable] == [damaged.name]
