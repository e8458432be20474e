"""The catalogue and what refuses it: a failure is never "Spotify has no such thing", and never a fact about the app."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from extract_load.spotify.catalogue.enrich import enrich
from extract_load.spotify.catalogue.pending import pending, refresh_listening
from extract_load.spotify.history_import.importer import import_paths
from sandbox import World, write_export
from tests.support.world_end import WORLD_END

Make = Callable[..., Any]

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


def statuses(spot: Any) -> dict[str, int]:
    """Count the rows of all lookup tables of Spotify's by status."""
    union = " union all ".join(f"select status from lookup.spotify_{kind}" for kind in KINDS)
    return dict(spot.rows(f"select status, count(*) from ({union}) group by all"))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("html", {"status": 404, "text": "404 Not Found - nginx"}),
        ("html", {"status": 400, "text": "The plain HTTP request was sent to HTTPS port"}),
        ("html", {"status": 403, "text": "Access to premium sites is not allowed by the developer dashboard"}),
        ("refused", {"status": 404, "message": "Service not found"}),
        ("refused", {"status": 400, "message": "Only valid bearer authentication supported"}),
    ],
)
def test_a_refusal_that_does_not_speak_of_the_object_is_an_outage(
    kind: str, options: dict[str, Any], listened: Make
) -> None:
    """Something on the way, or a wrong address: nothing is gone, all of it is asked again by the next run."""
    spot = listened()
    spot.fault(kind, **options)
    result = enrich(spot.run())
    assert result.status == "partial"
    assert f"{options['status']}" in result.message
    assert statuses(spot) == {}
    if kind == "html":
        assert not [fact for fact in spot.context.state.facts("spotify") if fact.startswith("capability")]
    spot.fine_weather()
    assert enrich(spot.run()).status == "success"
    assert set(statuses(spot)) == {"found"}


def test_an_id_that_cannot_be_one_is_gone(listened: Make) -> None:
    """Spotify says so itself, with a 400 in its own form."""
    spot = listened(settings_of_home={"spotify_track_limit": 1, "spotify_album_limit": 0, "spotify_artist_limit": 0})
    spot.fault("refused", status=400, message="Invalid base62 id", match="/v1/tracks/{id}")
    enrich(spot.run())
    assert statuses(spot) == {"gone": 1}


def batch_facts(spot: Any) -> dict[str, bool]:
    """Return what is remembered of batches, by kind."""
    facts = spot.context.state.facts("spotify")
    return {key.split(":")[-1]: fact["works"] for key, fact in facts.items() if key.startswith("capability:batch")}


def test_our_own_budget_is_no_fact_about_batches(listened: Make) -> None:
    """When it is free again, an app that may batch goes on with batches."""
    spot = listened(mode="existing", settings_of_home={"spotify_daily_budget": 1})
    assert enrich(spot.run()).resume_at is not None
    assert batch_facts(spot) == dict.fromkeys(("track", "album", "artist"), True)
    assert spot.sent("/v1/tracks/{id}") == 0, "what has worked is waited for"
    before = {kind: spot.sent(f"/v1/{kind}") for kind in ("tracks", "albums", "artists")}
    spot.pass_time(hours=25)
    enrich(spot.run())
    more = {kind: spot.sent(f"/v1/{kind}") - sent for kind, sent in before.items()}
    assert any(more.values()), "batches go on"
    assert max(more.values()) == 1, "the budget is one request a day of each kind"
    assert not any(spot.sent(f"/v1/{kind}/{{id}}") for kind in more)


def test_a_quota_of_an_hour_is_no_fact_about_batches(listened: Make) -> None:
    """Until batches have worked, single reads go on meanwhile; the hour over, a batch is tried again."""
    spot = listened(mode="existing", settings_of_home={"spotify_track_limit": 5, "spotify_artist_limit": 0})
    fault = spot.fault("quota_exceeded", match="/v1/tracks", retry_after=3600)
    assert enrich(spot.run()).counts["tracks"] == 5
    assert (fault.hits, spot.sent("/v1/tracks/{id}", 200)) == (1, 5)
    assert "track" not in batch_facts(spot)
    spot.fine_weather()
    spot.pass_time(hours=2)
    enrich(spot.run())
    assert batch_facts(spot)["track"] is True
    assert spot.sent("/v1/tracks/{id}", 200) == 5
    spot.fault("quota_exceeded", match="/v1/tracks", retry_after=3600)
    assert enrich(spot.run()).status == "partial"
    assert (batch_facts(spot)["track"], spot.sent("/v1/tracks/{id}", 200)) == (True, 5)


def test_batches_that_are_not_there_are_remembered_as_such(listened: Make) -> None:
    """Removed endpoints have been answered with 404: asked once, then one by one."""
    spot = listened(mode="existing")
    for name in KINDS:
        spot.fault("refused", status=404, match=f"/v1/{name}")
    assert enrich(spot.run()).status == "success"
    assert batch_facts(spot) == dict.fromkeys(("track", "album", "artist"), False)
    assert {spot.sent(f"/v1/{name}") for name in KINDS} == {1}
    assert set(statuses(spot)) == {"found"}


def test_a_batch_without_its_list_proves_nothing(listened: Make) -> None:
    """Its ids are read one by one, and nothing is remembered."""
    spot = listened(mode="existing", settings_of_home={"spotify_track_limit": 5, "spotify_album_limit": 0})
    spot.fault("refused", status=200, match="/v1/tracks")
    assert enrich(spot.run()).counts["tracks"] == 5
    assert "track" not in batch_facts(spot)


@pytest.mark.parametrize("mode", ["development", "existing"])
def test_an_id_that_spotify_never_answers_holds_nothing_up(mode: str, listened: Make) -> None:
    """The others are found; the next run goes on with them."""
    spot = listened(mode=mode)
    with spot.context.warehouse.open("a test") as connection:
        refresh_listening(connection)
        most_listened = pending(connection, "track", 1, spot.clock.now())[0].id
    spot.fault("refused", status=500, message="Server error.", part=most_listened)
    result = enrich(spot.run())
    assert result.status == "partial"
    assert "Spotify failed to answer 1 tracks" in result.message
    assert (result.counts["tracks_failed"], statuses(spot)["failed"]) == (1, 1)
    assert set(statuses(spot)) == {"found", "failed"}
    enrich(spot.run())
    assert set(statuses(spot)) == {"found"}, "an album answers for its track"


def test_an_id_that_is_never_answered_waits_ever_longer(listened: Make) -> None:
    """A day, then two; when Spotify answers, it is found."""
    spot = listened(settings_of_home={"spotify_artist_limit": 0})
    enrich(spot.run())
    with spot.context.warehouse.open("a test") as connection:
        artist = pending(connection, "artist", 1, spot.clock.now())[0].id
    spot.context.settings = spot.context.settings.model_copy(update={"spotify_artist_limit": None})
    fault = spot.fault("refused", status=500, message="Server error.", match="/v1/artists/{id}", part=artist)
    hits = []
    for hours in (0, 25, 25, 25):
        spot.pass_time(hours=hours)
        enrich(spot.run())
        hits.append(fault.hits)
    assert hits == [4, 8, 8, 12]
    spot.fine_weather()
    spot.pass_time(days=5)
    assert enrich(spot.run()).status == "success"
    assert set(statuses(spot)) == {"found"}


def test_a_found_artist_that_fails_later_stays_found(listened: Make) -> None:
    """A failed refresh waits, too, and costs nothing that is known."""
    spot = listened(settings_of_home={"spotify_track_limit": 3, "spotify_album_limit": 0, "spotify_artist_limit": 2})
    enrich(spot.run())
    artist = spot.rows("select spotify_artist_id from lookup.spotify_artists order by 1")[0][0]
    spot.pass_time(days=91)
    spot.context.settings = spot.context.settings.model_copy(update={"spotify_artist_limit": 100})
    spot.fault("refused", status=500, message="Server error.", part=artist)
    enrich(spot.run())
    asked = spot.sent("/v1/artists/{id}", 500)
    enrich(spot.run())
    assert asked > 0 and spot.sent("/v1/artists/{id}", 500) == asked
    known = "select status, attempts, payload is null from lookup.spotify_artists where spotify_artist_id = ?"
    assert spot.rows(known, artist) == [("found", 1, False)]


@pytest.mark.parametrize("kind", ["album", "artist"])
def test_a_read_that_is_not_offered_ends_its_own_kind(kind: str, listened: Make) -> None:
    """All else is found, the refusal is named, and a month later it is tried again."""
    spot = listened()
    others = [name for name in KINDS if name != f"{kind}s"]
    fault = spot.fault("endpoint_forbidden", match=f"/v1/{kind}s/{{id}}")
    result = enrich(spot.run())
    assert result.status == "partial"
    assert f"/v1/{kind}s/{{id}}" in result.message
    assert fault.hits == 1
    for name in others:
        assert spot.rows(f"select count(*) > 20, bool_and(status = 'found') from lookup.spotify_{name}") == [
            (True, True)
        ]
    assert "100.0% after" in result.message
    assert spot.context.state.get("spotify", f"capability:single:{kind}")["works"] is False
    spot.pass_time(days=20)
    assert f"/v1/{kind}s/{{id}}" in enrich(spot.run()).message
    assert fault.hits == 1
    spot.fine_weather()
    spot.pass_time(days=11)
    assert enrich(spot.run()).status == "success"
    assert spot.rows(f"select count(*) > 20 from lookup.spotify_{kind}s") == [(True,)]
