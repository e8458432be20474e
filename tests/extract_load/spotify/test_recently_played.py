"""Polling: every item is kept, the overlap is judged, an outage is never "no new plays"."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from extract_load.core.errors import ConfigurationError, QuotaExhausted, ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.spotify import recently_played
from extract_load.spotify.recently_played import item_key
from extract_load.storage.gzip_files import read_lines
from extract_load.storage.writer_lock import WriterLock

Make = Callable[..., Any]

COUNT = "select count(*) from raw.spotify_recently_played"
RECENT = "/v1/me/player/recently-played"


def spooled(settings: Settings) -> list[dict[str, Any]]:
    """Return the items in the spool."""
    paths = sorted(settings.spool_dir.glob("spotify/recently_played/*/*.gz"))
    return [json.loads(line) for path in paths for line in read_lines(path)]


def test_first_poll_then_overlap_then_nothing_new(listener: Make, settings: Settings) -> None:
    """Fifty new, then the new ones beside known ones, then the same answer, which is noted but not spooled again."""
    spot = listener()
    first = spot.poll()
    assert (first.new, first.known, first.outcome, first.landed) == (50, 0, "first", 50)
    spot.pass_time(hours=20)
    second = spot.poll()
    assert second.outcome == "overlap"
    assert second.new > 0 and second.new + second.known == 50
    assert second.landed == second.new
    files = len(list(settings.spool_dir.glob("spotify/recently_played/*/*.gz")))
    third = spot.poll()
    assert (third.new, third.known, third.outcome, third.landed) == (0, 50, "unchanged", 0)
    assert len(list(settings.spool_dir.glob("spotify/recently_played/*/*.gz"))) == files
    assert [one["outcome"] for one in spot.polls()] == ["first", "overlap", "unchanged"]
    assert spot.rows(COUNT) == [(50 + second.new,)]
    assert spot.rows("select count(*) from ops.polls") == [(3,)]


def test_a_full_page_of_new_plays_is_a_gap_with_bounds(listener: Make) -> None:
    """After days of silence nothing of the page is known: from the newest known play to the oldest of the page."""
    spot = listener()
    spot.poll()
    newest = spot.rows("select max(played_at) from raw.spotify_recently_played")[0][0]
    spot.pass_time(days=8)
    result = spot.poll()
    assert (result.outcome, result.new, result.known) == ("gap", 50, 0)
    oldest = spot.rows("select played_at from raw.spotify_recently_played order by 1 desc limit 1 offset 49")[0][0]
    assert result.gap == (newest, oldest)
    assert f"between {newest:%Y-%m-%d %H:%M} and {oldest:%Y-%m-%d %H:%M} UTC" in result.message


@pytest.mark.parametrize("limit", [1, 20, 50])
def test_the_limit_is_honoured(limit: int, listener: Make) -> None:
    """So many items are asked for and kept."""
    spot = listener()
    assert spot.poll(limit).new == limit
    assert spot.rows(COUNT) == [(limit,)]


def test_a_small_limit_never_makes_a_gap_of_its_own(listener: Make) -> None:
    """Where the newest two leave a hole that the newest fifty do not, all fifty are asked for."""
    spot = listener()
    spot.poll()
    spot.pass_time(hours=20)
    result = spot.poll(2)
    assert result.outcome == "overlap"
    assert result.new + result.known == 50
    assert spot.rows("select count(*) from ops.polls where gap_from is not null") == [(0,)]


@pytest.mark.parametrize(
    "played_at",
    ["2026-11-20T12:40:00.123+02:00", "2026-11-20 10:40:00.123", "2026-11-20T05:10:00.123-0530", 1795171200123],
)
def test_an_item_has_one_key_however_its_instant_is_written(played_at: str | int) -> None:
    """The key is made of the instant and the track, in Spotify's own form, so that keys of earlier versions hold."""
    track = {"uri": "spotify:track:1"}
    written = hashlib.sha256(b"2026-11-20T10:40:00.123Z spotify:track:1").hexdigest()[:20]
    assert item_key({"played_at": "2026-11-20T10:40:00.123Z", "track": track}) == written
    assert item_key({"played_at": played_at, "track": track}) == written
    assert item_key({"played_at": "2026-11-20T12:40:00.123Z", "track": track}) != written


def test_what_has_no_instant_is_named_by_its_text() -> None:
    """Such an item is rejected when it lands; an item without any text has no name."""
    assert item_key({"played_at": "yesterday evening", "track": None})
    assert [item_key(one) for one in (None, "text", {}, {"played_at": None}, {"played_at": True})] == [None] * 5


@pytest.mark.parametrize("limit", [0, 51, -3])
def test_a_limit_that_spotify_does_not_have_is_refused(limit: int, listener: Make) -> None:
    """Before any request, in words."""
    spot = listener()
    with pytest.raises(ConfigurationError, match="between 1 and 50"):
        spot.poll(limit)
    assert spot.sent() == 0


def test_late_and_duplicate_items_are_kept_once(listener: Make) -> None:
    """Items that fill in later, in the middle of the list, are new then; doubled ones count once."""
    spot = listener()
    spot.fault("late_items", count=7, times=1)
    first = spot.poll()
    spot.fault("duplicate_items", times=1)
    second = spot.poll()
    assert first.new == 43
    assert second.landed == second.new == 7
    assert spot.rows("select count(*), count(distinct (played_at, track_key)) from raw.spotify_recently_played") == [
        (50, 50)
    ]


@pytest.mark.parametrize("kind", ["null_cursors", "null_context"])
def test_what_may_be_null_may_be_null(kind: str, listener: Make) -> None:
    """Null cursors and contexts change nothing."""
    spot = listener()
    spot.fault(kind)
    assert spot.poll().landed == 50


@pytest.mark.parametrize("kind", ["track_null", "local_file"])
def test_items_without_a_track_id_are_plays_too(kind: str, listener: Make) -> None:
    """A removed track and a local file land as items of their own."""
    spot = listener()
    spot.fault(kind, position=3)
    result = spot.poll()
    assert (result.landed, result.rejected) == (50, 0)
    assert spot.rows("select count(*) from raw.spotify_recently_played where payload ->> '$.track.id' is null") == [
        (1,)
    ]
    assert spot.poll().outcome == "unchanged"


@pytest.mark.parametrize("how", ["text", "no_played_at", "bad_played_at"])
def test_a_malformed_item_does_not_cost_the_others(how: str, listener: Make) -> None:
    """It is rejected with its reason, and told; the other 49 land."""
    spot = listener()
    spot.fault("malformed_item", position=2, how=how)
    result = spot.poll()
    assert (result.landed, result.rejected) == (49, 1)
    assert "1 item(s) could not be used" in result.message
    assert spot.rows("select count(*), count(reason) from ops.rejected_rows") == [(1, 1)]
    again = spot.poll()
    assert (again.landed, again.outcome) == (0, "unchanged")


def test_an_empty_list_is_not_an_outage_and_not_a_gap(listener: Make) -> None:
    """It is noted as empty; the next poll overlaps as if it had not been."""
    spot = listener()
    spot.poll()
    spot.fault("empty_items", times=1)
    assert spot.poll().outcome == "empty"
    assert spot.poll().outcome == "unchanged"


@pytest.mark.parametrize("how", ["missing", "null", "error"])
def test_an_answer_without_a_list_is_an_outage(how: str, listener: Make) -> None:
    """It says nothing about plays, so the poll failed and covers no time; the next one sees the gap."""
    spot = listener()
    spot.poll()
    spot.pass_time(days=8)
    spot.fault("no_items", match=RECENT, times=1, how=how)
    with pytest.raises(ServiceUnavailable, match="without a list of plays"):
        spot.poll()
    assert spot.polls()[-1]["outcome"] == "failed"
    assert spot.poll().outcome == "gap"


WEATHER = [
    ("server_error", {"status": 500}),
    ("server_error", {"status": 503}),
    ("no_connection", {}),
    ("timeout", {}),
    ("cut_body", {}),
    ("truncated_json", {}),
    ("html", {}),
    ("html", {"status": 502}),
    ("empty_body", {}),
    ("rate_limited", {"retry_after": 2}),
    ("rate_limited", {"retry_after": 2, "body": "text"}),
]


@pytest.mark.parametrize(("kind", "options"), WEATHER, ids=[f"{kind} {options}" for kind, options in WEATHER])
def test_passing_trouble_is_asked_again(kind: str, options: dict[str, Any], listener: Make) -> None:
    """Twice bad, then good: the poll has its items, and waits were bounded."""
    spot = listener(settings_of_home={"default_timeout": 0.4})
    spot.fault(kind, times=2, match=RECENT, **options)
    assert spot.poll().landed == 50
    assert all(seconds <= 60 for seconds in spot.clock.slept)


@pytest.mark.parametrize(("kind", "options"), WEATHER[1:8:2], ids=[kind for kind, _ in WEATHER[1:8:2]])
def test_an_outage_is_an_error_and_not_no_new_plays(kind: str, options: dict[str, Any], listener: Make) -> None:
    """Always bad: the poll fails in words, is recorded as failed, and the next one in fine weather misses nothing."""
    spot = listener(settings_of_home={"default_timeout": 0.3})
    spot.poll(1)
    spot.fault(kind, match=RECENT, **options)
    with pytest.raises(ServiceUnavailable) as caught:
        spot.poll()
    assert "spotify" in str(caught.value).lower()
    assert "http" not in str(caught.value)
    assert spot.polls()[-1]["outcome"] == "failed"
    assert spot.polls()[-1]["message"]
    spot.fine_weather()
    assert spot.poll().new == 49


@pytest.mark.parametrize("retry_after", ["1e30", "999999999"])
def test_a_pause_of_years_is_a_failed_poll_and_ends(retry_after: str, listener: Make) -> None:
    """It is recorded as failed, and polling goes on two days later."""
    spot = listener()
    spot.fault("rate_limited", match=RECENT, times=1, retry_after=retry_after)
    with pytest.raises(QuotaExhausted):
        spot.poll()
    assert spot.polls()[-1]["outcome"] == "failed"
    spot.pass_time(hours=48, seconds=1)
    assert spot.poll().new == 50


@pytest.mark.parametrize(
    ("kind", "options", "told"),
    [
        ("html", {"status": 403, "text": "Access to this site is not allowed."}, "a page that is not Spotify's"),
        ("html", {"status": 401, "text": "Sign in to the guest network."}, "a page that is not Spotify's"),
        ("refused", {"status": 400, "message": "Only valid bearer authentication supported"}, "refused with 400"),
        ("refused", {"status": 404, "message": "Resource not found"}, "refused with 404"),
    ],
)
def test_a_refused_poll_is_told_as_what_it_is(kind: str, options: dict[str, Any], told: str, listener: Make) -> None:
    """A page of a proxy's says nothing about the listener's sign-in, and plays are no object that could be missing."""
    spot = listener()
    spot.fault(kind, match=RECENT, **options)
    with pytest.raises(ServiceUnavailable, match=told):
        spot.poll()
    assert spot.polls()[-1]["outcome"] == "failed"
    spot.fine_weather()
    assert spot.poll().new == 50


def test_spotify_being_down_is_told(listener: Make) -> None:
    """Nobody answers at all."""
    spot = listener()
    spot.sandbox.take_down("spotify")
    with pytest.raises(ServiceUnavailable, match="could not be reached"):
        spot.poll()
    spot.sandbox.bring_up("spotify")
    assert spot.poll().new == 50


def test_a_busy_warehouse_leaves_the_plays_in_the_spool(
    listener: Make, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has it is told; the next poll lands both."""
    monkeypatch.setattr(recently_played, "LAND_WAIT_SECONDS", 0.2)
    spot = listener()
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with WriterLock(settings.lock_path).held("a long dbt build", 5):
            held.set()
            let_go.wait(60)

    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    try:
        result = spot.poll()
    finally:
        let_go.set()
        other.join()
    assert (result.new, result.landed) == (50, 0)
    assert "a long dbt build" in result.waiting_for
    assert "kept in the spool" in result.message
    assert len(spooled(settings)) == 50
    spot.pass_time(minutes=60)
    after = spot.poll()
    assert after.landed == 50 + after.new


def test_a_lost_warehouse_comes_back_from_the_spool(listener: Make, settings: Settings) -> None:
    """The polls alone make the same rows."""
    spot = listener()
    spot.poll()
    spot.pass_time(hours=3)
    spot.poll()
    sql = (
        "select listener_id, played_at, track_key, fetched_at, source_file, row_number from raw.spotify_recently_played"
    )
    before = sorted(spot.rows(sql))
    settings.warehouse_path.unlink()
    spot.context.landing.land()
    assert sorted(spot.rows(sql)) == before


def test_the_fuller_answers_of_an_extended_app_land_too(listener: Make) -> None:
    """With markets, popularity and previews; and the tracks of a poll are known without being asked for."""
    spot = listener(mode="extended")
    assert spot.poll().landed == 50
    played = spot.rows("select count(distinct payload ->> '$.track.id') from raw.spotify_recently_played")
    assert spot.rows("select count(*) from lookup.spotify_tracks where status = 'found'") == played


def test_a_poll_sends_one_request_for_plays(listener: Make) -> None:
    """One for the plays; the account is asked for once per sign-in."""
    spot = listener()
    for _ in range(3):
        spot.poll()
        spot.pass_time(minutes=30)
    assert spot.sent(RECENT) == 3
    assert spot.sent("/v1/me") == 1


def test_a_clock_at_1970_judges_no_times(listener: Make, clock: Any) -> None:
    """Plays of today lie far in its future: they bound the gap all the same, and the next polls go on from them."""
    spot = listener()
    clock.at = datetime(1970, 1, 1, 0, 5)
    assert spot.poll().outcome == "first"
    newest = spot.rows("select max(played_at) from raw.spotify_recently_played")[0][0]
    spot.pass_time(days=8)
    result = spot.poll()
    assert (result.outcome, result.gap) == ("gap", (newest, _at(spot.polls()[-1]["oldest_played_at"])))
    clock.at = spot.sandbox.clock.now().replace(tzinfo=None)
    assert spot.poll().outcome == "unchanged"


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
