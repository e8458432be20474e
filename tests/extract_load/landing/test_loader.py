"""Spool and landing: redacted before it is a file, landed once, every row accounted for."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from extract_load.context import Context
from extract_load.core.redaction import redact
from extract_load.storage.spool import Envelope, spooled_files, write_envelopes
from extract_load.storage.writer_lock import WarehouseBusy, WriterLock

NOON = datetime(2026, 11, 23, 12)


def item(played_at: str = "2026-11-23T11:00:00.123Z", track: Any = "unset") -> dict[str, Any]:
    default = {"id": "0" * 22, "uri": "spotify:track:" + "0" * 22, "name": "Song", "artists": [{"name": "Band"}]}
    return {"track": default if track == "unset" else track, "played_at": played_at, "context": None}


def spool_poll(context: Context, items: list[Any], at: datetime = NOON) -> Path | None:
    envelopes = [Envelope("spotify", "recently_played", "r1", at, one, {}, "me") for one in items]
    return write_envelopes(context.settings.spool_dir, envelopes)


def spool_answers(context: Context, answers: list[tuple[str, Any, dict[str, Any]]], at: datetime) -> None:
    envelopes = [Envelope("spotify", "track", "r1", at, payload, {"id": key, **more}) for key, payload, more in answers]
    write_envelopes(context.settings.answers_dir, envelopes)


def rows(context: Context, sql: str) -> list[tuple[Any, ...]]:
    with context.warehouse.open("test") as connection:
        return connection.execute(sql).fetchall()


def test_personal_data_never_reaches_a_file(context: Context) -> None:
    """IP addresses, user agents and names are gone from the spool, at any depth, also from addresses of Spotify's."""
    poisoned = item() | {
        "ip_addr": "203.0.113.7",
        "deep": [{"user_agent_decrypted": "Mozilla", "USERNAME": "jane.doe"}],
        "context": {"uri": "spotify:user:jane.doe:playlist:1", "href": "https://api.spotify.com/v1/users/jane.doe/x"},
    }
    path = spool_poll(context, [poisoned])
    assert path is not None
    text = gzip.decompress(path.read_bytes()).decode()
    assert all(secret not in text for secret in ("203.0.113.7", "Mozilla", "jane.doe"))
    assert "spotify:user:-:playlist:1" in text


def test_redaction_leaves_the_rest_as_it_is() -> None:
    """A track about users keeps its name."""
    kept = {"name": "user:friendly", "url": "https://open.spotify.com/track/1", "n": [1, None, True]}
    assert redact(kept) == kept


def test_a_failed_write_leaves_no_file(context: Context) -> None:
    """A payload that can't be written leaves neither file nor part of one."""
    with pytest.raises(TypeError):
        spool_poll(context, [item(), {"bad": object()}])
    assert not list(context.settings.spool_dir.rglob("*.*"))


def test_landing_twice_adds_nothing(context: Context) -> None:
    """The manifest knows the file."""
    spool_poll(context, [item(), item("2026-11-23T11:05:00.000Z")])
    assert context.landing.land().rows("spotify", "recently_played") == 2
    assert context.landing.land().files == 0
    assert rows(context, "select count(*) from raw.spotify_recently_played") == [(2,)]


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


def test_a_polled_track_answers_the_catalogue(context: Context) -> None:
    """A full track of a poll is never asked for again."""
    spool_poll(context, [item()])
    context.landing.land()
    assert rows(context, "select spotify_track_id, status, origin from lookup.spotify_tracks") == [
        ("0" * 22, "found", "recently_played")
    ]


def test_plays_are_kept_while_somebody_has_the_warehouse(context: Context) -> None:
    """Spooling needs no lock; landing says who is in the way, and the next one brings the rows."""
    other = WriterLock(context.settings.lock_path)
    with other.held("a long build", 1):
        spool_poll(context, [item()])
        with pytest.raises(WarehouseBusy, match="a long build"):
            context.landing.land(wait_seconds=0)
    assert context.landing.land().rows("spotify", "recently_played") == 1


def test_a_damaged_file_is_named_and_the_rest_lands(context: Context) -> None:
    """A spool file that is no gzip any more costs only itself, and stays to be mended."""
    broken = spool_poll(context, [item()])
    assert broken is not None
    broken.write_bytes(broken.read_bytes()[:40])
    spool_poll(context, [item("2026-11-23T11:05:00.000Z")], NOON + timedelta(hours=1))
    report = context.landing.land()
    assert [name.rsplit("/", 1)[1] for name in report.unreadable] == [broken.name]
    assert report.rows("spotify", "recently_played") == 1


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


def test_files_land_in_the_order_in_which_they_were_written(context: Context) -> None:
    """The name sorts by time, so a rebuild lands in the same order as life did."""
    late = spool_poll(context, [item()], NOON + timedelta(days=1))
    early = spool_poll(context, [item()], NOON)
    assert spooled_files(context.settings.spool_dir) == [early, late]


def test_the_state_is_copied_to_ops(context: Context, clock: Any) -> None:
    """What the state file knows can be asked with SQL after a landing, once each."""
    context.state.put("spotify", "capability:batch", False, clock.now())
    for _ in range(2):
        context.landing.land()
    assert rows(context, "select service, key, cast(value as varchar) from ops.service_state") == [
        ("spotify", "capability:batch", "false")
    ]


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
