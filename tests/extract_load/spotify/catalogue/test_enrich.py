"""The catalogue: most listened first, nothing asked twice, budgets and quotas kept, every trouble told."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from extract_load.core.results import TaskResult
from extract_load.spotify.auth import Auth
from extract_load.spotify.catalogue.enrich import enrich
from extract_load.spotify.history_import.importer import import_paths
from extract_load.spotify.request_policy import open_session
from sandbox import World, write_export
from tests.support.exports import row, write_file
from tests.support.world_end import WORLD_END

Make = Callable[..., Any]

TRACK, ALBUM, ARTIST = "/v1/tracks/{id}", "/v1/albums/{id}", "/v1/artists/{id}"
BATCHES = ("/v1/tracks", "/v1/albums", "/v1/artists")
KINDS = ("tracks", "albums", "artists")


@pytest.fixture(scope="module")
def little_world() -> World:
    """Return a world of little listening, made once."""
    world = World(artists=25, plays=170, years=1, days_ahead=120, now=WORLD_END)
    assert world.plays
    return world


@pytest.fixture
def listened(listener: Make, little_world: World, tmp_path: Path) -> Make:
    """Make a listener whose export is imported."""
    path = tmp_path / "export.zip"

    def make(**options: Any) -> Any:
        home = {"spotify_daily_budget": 100_000, **options.pop("settings_of_home", {})}
        spot = listener(world=little_world, settings_of_home=home, **options)
        write_export(little_world, path)
        import_paths(spot.run(), [path])
        return spot

    return make


def statuses(spot: Any, kind: str) -> dict[str, int]:
    """Count the rows of a lookup table by status."""
    return dict(spot.rows(f"select status, count(*) from lookup.spotify_{kind} group by all"))


def played_tracks(spot: Any) -> int:
    """Count the distinct tracks with an id that were played."""
    return int(
        spot.rows(
            "select count(distinct payload ->> '$.spotify_track_uri') from raw.spotify_streaming_history"
            " where (payload ->> '$.spotify_track_uri') is not null"
        )[0][0]
    )


def test_everything_is_found_with_few_requests_and_none_the_second_time(listened: Make) -> None:
    """One track of an album, then the album; each artist once. A second run has nothing to ask."""
    spot = listened()
    result = enrich(spot.run())
    assert (result.status, result.resume_at) == ("success", None)
    assert result.message.startswith("Listening time looked up at Spotify: 0.0% before, 100.0% after ")
    assert result.requests == sum(
        spot.context.state.requests_since("spotify", b, spot.clock.now() - timedelta(hours=9))
        for b in ("tracks", "albums", "artists", "tracks:batch", "albums:batch", "artists:batch", "token")
    )
    for kind in KINDS:
        assert set(statuses(spot, kind)) == {"found"}
    tracks = played_tracks(spot)
    assert spot.sent(TRACK, 200) < tracks * 0.8, "albums answered for their other tracks"
    assert spot.sent(ALBUM, 200) == statuses(spot, "albums")["found"]
    assert spot.sent(ARTIST, 200) == statuses(spot, "artists")["found"]
    before = spot.sent()
    again = enrich(spot.run())
    assert (again.status, spot.sent()) == ("no_updates", before)
    assert spot.context.state.get("spotify", "backlog") == {
        "tracks": 0,
        "albums": 0,
        "artists": 0,
        "share_enriched": 1.0,
    }


def test_what_polls_showed_is_never_asked_for(listener: Make) -> None:
    """A poll carries whole tracks."""
    spot = listener(settings_of_home={"spotify_daily_budget": 100_000})
    spot.poll()
    result = enrich(spot.run())
    assert result.status == "success"
    assert spot.sent(TRACK) == 0
    assert result.counts["artists"] > 0 and result.counts["albums"] > 0


def test_batches_are_probed_once_and_remembered(listened: Make) -> None:
    """A development app is refused once per kind; that is a fact, no trouble, and is tried again after a month."""
    spot = listened()
    assert enrich(spot.run()).status == "success"
    refused = {batch: spot.sent(batch, 403) for batch in BATCHES}
    assert set(refused.values()) == {1}
    assert spot.context.state.get("spotify", "capability:batch:artist")["works"] is False
    spot.pass_time(days=95)
    enrich(spot.run())
    assert {batch: spot.sent(batch, 403) for batch in ("/v1/albums", "/v1/artists")} == {
        "/v1/albums": 2,
        "/v1/artists": 2,
    }


def test_batches_are_used_where_they_are_allowed(listened: Make) -> None:
    """An older app: fifty artists, twenty albums a request; the same facts come out."""
    spot = listened(mode="existing")
    result = enrich(spot.run())
    assert result.status == "success"
    assert spot.sent(ARTIST) == 0
    assert spot.sent("/v1/artists") <= 2 + statuses(spot, "artists")["found"] // 10
    assert statuses(spot, "tracks")["found"] >= played_tracks(spot)


def test_the_most_listened_come_first(listened: Make) -> None:
    """A tenth of the requests explains far more than a tenth of the listening time."""
    spot = listened(settings_of_home={"spotify_track_limit": 15, "spotify_album_limit": 15, "spotify_artist_limit": 5})
    result = enrich(spot.run())
    assert {kind: result.counts[kind] for kind in KINDS} == {"tracks": 15, "albums": 15, "artists": 5}
    share = spot.rows(
        "select sum(ms_played) filter (spotify_track_id in (select spotify_track_id from lookup.spotify_tracks))"
        " / sum(ms_played), count(distinct album_group) from lookup.track_listening"
    )[0]
    assert share[0] > 1.5 * 15 / share[1]
    assert f"{share[0]:.1%} after" in result.message


def test_the_daily_budget_is_kept_and_polling_has_its_own(listened: Make) -> None:
    """So many requests a bucket in 24 hours; what is left is said, with the time of the next; polls and work go on."""
    spot = listened(settings_of_home={"spotify_daily_budget": 6})
    result = enrich(spot.run())
    assert (result.status, result.is_trouble) == ("success", False)
    assert "budget of 6 requests" in result.message
    assert re.search(r"\d+ tracks wait\.", result.message)
    assert result.resume_at == min(
        at + timedelta(hours=24) for at in [spot.clock.now()]
    ) or result.resume_at > spot.clock.now() + timedelta(hours=23)
    assert max(spot.sent(endpoint) for endpoint in (TRACK, ALBUM, ARTIST)) <= 6
    sent = spot.sent()
    again = enrich(spot.run())
    assert (again.status, again.resume_at) == ("no_updates", result.resume_at)
    assert spot.sent() == sent, "nothing is sent before it may be"
    assert spot.poll().new == 50
    done = {kind: statuses(spot, kind).get("found", 0) for kind in KINDS}
    spot.pass_time(hours=25)
    assert enrich(spot.run()).resume_at is not None
    assert all(statuses(spot, kind)["found"] > done[kind] for kind in ("albums", "artists"))


@pytest.mark.parametrize(
    ("kind", "options", "hours"),
    [("quota_exceeded", {"retry_after": 48_925}, 13.5), ("rate_limited", {"retry_after": 7_200}, 2)],
)
def test_a_long_retry_after_blocks_and_resumes(
    kind: str, options: dict[str, Any], hours: float, listened: Make
) -> None:
    """Nothing is slept away: the run ends as partial, the next one before that time sends nothing, then it goes on."""
    spot = listened()
    fault = spot.fault(kind, skip=12, match=ARTIST, **options)
    result = enrich(spot.run())
    assert result.status == "partial"
    assert result.resume_at is not None
    assert abs(result.resume_at - spot.clock.now() - timedelta(seconds=options["retry_after"])) < timedelta(minutes=5)
    assert fault.hits == 1
    assert max(spot.clock.slept, default=0) <= 60
    assert statuses(spot, "artists")["found"] >= 10, "what was answered before is kept"
    assert set(statuses(spot, "albums")) == {"found"}, "other buckets went on"
    sent = spot.sent(ARTIST)
    spot.fine_weather()
    spot.pass_time(hours=hours - 0.2)
    enrich(spot.run())
    assert spot.sent(ARTIST) == sent
    spot.pass_time(hours=0.4)
    assert enrich(spot.run()).status == "success"
    assert spot.sent(ARTIST) > sent


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("server_error", {"status": 502}),
        ("truncated_json", {}),
        ("rate_limited", {"retry_after": 3}),
    ],
)
def test_weather_that_comes_and_goes_costs_nothing(kind: str, options: dict[str, Any], listened: Make) -> None:
    """A fifth of all answers are bad: everything is found in the end."""
    spot = listened(settings_of_home={"spotify_track_limit": 30, "spotify_album_limit": 20, "spotify_artist_limit": 20})
    spot.fault(kind, rate=0.2, **options)
    for _ in range(3):
        enrich(spot.run())
    for name in KINDS:
        assert set(statuses(spot, name)) == {"found"}
    assert statuses(spot, "artists")["found"] >= 20


def test_an_outage_is_partial_and_loses_nothing(listened: Make) -> None:
    """Spotify goes down half-way: what was answered is in, the rest comes with the next run, asked once."""
    spot = listened()
    spot.fault("server_error", status=503, skip=25)
    result = enrich(spot.run())
    assert result.status == "partial"
    assert "answered 503" in result.message
    assert not {"failed", "gone", "not_found"} & set().union(*(statuses(spot, kind) for kind in KINDS))
    spot.fine_weather()
    assert enrich(spot.run()).status == "success"
    assert set(statuses(spot, "artists")) == {"found"}
    assert spot.sent(ARTIST, 200) == statuses(spot, "artists")["found"]


def test_what_spotify_does_not_have_is_gone_and_rarely_asked_again(listened: Make, tmp_path: Path) -> None:
    """A 404 is kept; its listening time counts as looked up; months later it is asked once more."""
    spot = listened()
    unknown = [
        row(
            n,
            ts="2026-10-01T10:00:00Z",
            spotify_track_uri=f"spotify:track:{n:022d}",
            master_metadata_album_album_name=f"Lost {n}",
        )
        for n in range(3)
    ]
    import_paths(
        spot.run(), [write_file(tmp_path, "Streaming_History_Audio_2026.json", unknown)], confirm_listener=True
    )
    assert enrich(spot.run()).counts["tracks_gone"] == 3
    assert statuses(spot, "tracks")["gone"] == 3
    asked = spot.sent(TRACK, 404)
    assert asked == 3
    spot.pass_time(days=60)
    assert enrich(spot.run()).status == "no_updates"
    spot.pass_time(days=31)
    enrich(spot.run())
    assert spot.sent(TRACK, 404) == 6
    assert dict(spot.rows("select status, max(attempts) from lookup.spotify_tracks group by all"))["gone"] == 2


def test_found_facts_are_refreshed_after_new_ids_are_served(listened: Make) -> None:
    """SPOTIFY_REFRESH_DAYS later they are asked again; an unchanged answer is no new version."""
    spot = listened(settings_of_home={"spotify_refresh_days": 30, "spotify_artist_limit": 10})
    enrich(spot.run())
    asked = spot.sent(ARTIST, 200)
    assert asked == 10
    spot.pass_time(days=31)
    enrich(spot.run())
    assert statuses(spot, "artists")["found"] == min(20, spot.sent(ARTIST, 200))
    spot.context.settings = spot.context.settings.model_copy(update={"spotify_artist_limit": None})
    enrich(spot.run())
    found = statuses(spot, "artists")["found"]
    assert spot.sent(ARTIST, 200) > found, "then the old ones came again"
    versions = spot.rows("select max(version) from raw.api_responses where service = 'spotify' and entity = 'artist'")
    assert versions == [(1,)]


def test_without_an_app_it_says_what_is_skipped(listened: Make) -> None:
    """And how to enable it; no request is sent."""
    spot = listened(settings_of_home={"spotify_client_id": None})
    result: TaskResult = enrich(spot.run())
    assert result.status == "no_updates"
    assert "skipped" in result.message and "SPOTIFY_CLIENT_ID" in result.message
    assert spot.sent() == 0


def test_an_ended_sign_in_stops_the_stage_with_what_to_do(listened: Make) -> None:
    """It is partial, not failed and not "nothing new"; the other stages are not concerned."""
    spot = listened()
    spot.fault("refresh_token_revoked", service="accounts")
    result = enrich(spot.run())
    assert result.status == "partial"
    assert "music-tracker auth" in result.message
    assert spot.sandbox.counts.total("accounts") <= 2
    assert spot.sent() == 0


def test_answers_survive_the_loss_of_the_warehouse(listened: Make) -> None:
    """What was paid for is in the cache: landed again without a request."""
    spot = listened()
    enrich(spot.run())
    sql = "select spotify_artist_id, status, payload, fetched_at from lookup.spotify_artists order by 1"
    before, sent = spot.rows(sql), spot.sent()
    spot.context.settings.warehouse_path.unlink()
    spot.context.landing.land()
    assert spot.rows(sql) == before
    assert enrich(spot.run()).status == "no_updates"
    assert spot.sent() == sent


def test_two_at_once_renew_a_rotating_token_one_after_the_other(listener: Make) -> None:
    """A second renewal with the old token would end the sign-in: it is never sent."""
    spot = listener()
    spot.fault("refresh_token_rotates", service="accounts")
    spot.poll(1)
    spot.pass_time(hours=2)
    tokens: list[str] = []

    def renew() -> None:
        context = spot.run()
        session = open_session(context.settings, context.state, "r", context.clock)
        tokens.append(Auth(context.settings, context.state, session, context.clock).access_token())

    threads = [threading.Thread(target=renew) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(tokens)) == 1 and len(tokens) == 4
    assert spot.sandbox.counts.total("accounts", "/api/token") == 2
    assert spot.poll().new == 49
