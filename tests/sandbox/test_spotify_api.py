"""The Web API, held to what the contract says, by plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import Sandbox, World
from tests.support.world_end import WORLD_END

from .conftest import Client

RECENT = "/me/player/recently-played"


@pytest.fixture(scope="module")
def extended(world: World, session: requests.Session) -> Iterator[Client]:
    with Sandbox(world, mode="extended") as sandbox:
        token = sandbox.tokens.access("user-read-recently-played")
        yield Client(sandbox.spotify_api_url, {"Authorization": f"Bearer {token}"}, session)


def all_keys(value: Any, path: str = "") -> set[str]:
    """Return the paths of all keys; lists count as their items."""
    if isinstance(value, dict):
        return {f"{path}.{key}" for key in value}.union(
            *(all_keys(part, f"{path}.{key}") for key, part in value.items())
        )
    if isinstance(value, list):
        return set().union(*(all_keys(part, path) for part in value))
    return set()


def test_recently_played_has_the_keys_of_a_recorded_answer(extended: Client, samples: Path) -> None:
    """An app with all fields gets what an app of 2021 got, to the key."""
    recorded = samples / "spotify_recently_played_submitted.json"
    item_keys = {"track", "played_at", "context"}
    body = extended.get(RECENT, limit=50).json()
    assert set(body) == {"items", "next", "cursors", "limit", "href"}
    assert all(set(item) == item_keys for item in body["items"])
    if recorded.exists():
        real = json.loads(recorded.read_text())
        plain = next(item for item in body["items"] if item["track"]["external_ids"])
        assert all_keys({**body, "items": [{**plain, "context": None}]}) == all_keys(real)


def test_cursors_are_strings_of_the_newest_and_the_oldest_item(api: Client) -> None:
    body = api.get(RECENT, limit=7).json()
    stamps = [round(datetime.fromisoformat(item["played_at"]).timestamp() * 1000) for item in body["items"]]
    assert stamps == sorted(stamps, reverse=True)
    assert body["cursors"] == {"after": str(stamps[0]), "before": str(stamps[-1])}
    assert f"before={stamps[-1]}" in body["next"]


def test_only_the_newest_fifty_exist_and_then_cursors_is_null(api: Client, session: requests.Session) -> None:
    """Paging with limit=10 gives five pages, all from this very host, and an empty one whose cursors are null."""
    seen: list[str] = []
    answer = api.get(RECENT, limit=10).json()
    while answer["items"]:
        seen += [item["played_at"] for item in answer["items"]]
        assert answer["next"].startswith(api.base)
        answer = session.get(answer["next"], headers=api.headers, timeout=10).json()
    assert len(seen) == len(set(seen)) == 50
    assert (answer["items"], answer["next"], answer["cursors"]) == ([], None, None)


def test_before_and_after_are_exclusive_and_exclude_each_other(api: Client) -> None:
    stamps = [
        round(datetime.fromisoformat(item["played_at"]).timestamp() * 1000)
        for item in api.get(RECENT, limit=50).json()["items"]
    ]
    newer = api.get(RECENT, limit=50, after=stamps[10]).json()["items"]
    older = api.get(RECENT, limit=50, before=stamps[10]).json()["items"]
    assert (len(newer), len(older)) == (10, 39)
    refused = api.get(RECENT, before=1, after=1)
    assert refused.status_code == 400


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (RECENT, {"limit": 51}),
        (RECENT, {"limit": "many"}),
        (RECENT, {"before": "yesterday"}),
        (RECENT, {"fields": "items"}),
        ("/me", {"fields": "id"}),
        ("/artists/short", {}),
        ("/search", {"q": "x", "type": "artist", "limit": 11}),
        ("/search", {"type": "artist"}),
        ("/search", {"q": "x", "type": "planet"}),
    ],
)
def test_what_is_not_understood_answers_400_with_an_error_object(
    api: Client, path: str, params: dict[str, Any]
) -> None:
    response = api.get(path, **params)
    assert response.status_code == 400
    assert response.json()["error"]["status"] == 400


def test_unknown_ids_answer_404(api: Client) -> None:
    for kind in ("artists", "albums", "tracks"):
        response = api.get(f"/{kind}/{'0' * 22}")
        assert (response.status_code, response.json()) == (
            404,
            {"error": {"status": 404, "message": "Resource not found"}},
        )


def test_development_mode_refuses_batches_with_the_recorded_bytes(api: Client, world: World) -> None:
    """The single read with the same token works."""
    spotify_id = world.catalogue.artist_id(0)
    for kind in ("artists", "albums", "tracks", "artists/"):
        response = api.get(f"/{kind}", ids=spotify_id)
        assert (response.status_code, response.json()) == (403, {"error": {"status": 403, "message": "Forbidden"}})
    assert api.get(f"/artists/{spotify_id}").status_code == 200


def test_development_mode_leaves_fields_out(api: Client, extended: Client, world: World) -> None:
    """Absent means absent: no null, no zero. External ids came back in March 2026."""
    track = world.catalogue.of(0).tracks[0]
    paths = {
        f"/artists/{world.catalogue.artist_id(0)}": {".followers", ".popularity", ".genres"},
        f"/albums/{world.catalogue.album_id(track.album)}": {".label", ".popularity", ".available_markets"},
        f"/tracks/{world.catalogue.track_id(track)}": {".popularity", ".available_markets"},
        "/me": {".country", ".product", ".followers"},
    }
    for path, gone in paths.items():
        small, whole = all_keys(api.get(path).json()), all_keys(extended.get(path).json())
        assert gone <= whole
        assert not gone & small
        assert small < whole
    assert api.get(f"/tracks/{world.catalogue.track_id(track)}").json()["external_ids"] == {"isrc": track.isrc}
    album = api.get(f"/albums/{world.catalogue.album_id(track.album)}").json()
    assert album["genres"] == []
    assert "upc" in album["external_ids"]
    assert all("external_ids" not in part for part in album["tracks"]["items"])


def test_extended_mode_answers_batches_in_order_with_null_for_unknown(extended: Client, world: World) -> None:
    ids = [world.catalogue.artist_id(index) for index in (5, 3)]
    body = extended.get("/artists/", ids=",".join([*ids, "0" * 22])).json()
    assert [artist and artist["id"] for artist in body["artists"]] == [*ids, None]
    assert extended.get("/artists", ids=",".join(ids * 26)).status_code == 400
    assert extended.get("/albums", ids=",".join(ids * 11)).status_code == 400


def test_tokens_are_checked(sandbox: Sandbox, api: Client, session: requests.Session) -> None:
    for header, message in (("", "No token provided"), ("Bearer nonsense", "Invalid access token")):
        response = session.get(f"{api.base}/me", headers={"Authorization": header}, timeout=10)
        assert (response.status_code, response.json()["error"]["message"]) == (401, message)
    sandbox.clock.advance(seconds=3601)
    assert api.get("/me").json() == {"error": {"status": 401, "message": "The access token expired"}}


def test_the_scope_is_checked(sandbox: Sandbox, api: Client) -> None:
    poor = Client(api.base, {"Authorization": f"Bearer {sandbox.tokens.access('user-top-read')}"}, api.session)
    response = poor.get(RECENT)
    assert (response.status_code, response.json()["error"]["message"]) == (403, "Insufficient client scope")
    assert poor.get("/me").status_code == 200


def test_me_has_an_id_and_an_account_id_and_another_listener_has_others(api: Client, session: requests.Session) -> None:
    with Sandbox(World(plays=500, years=0.1, listener=1, now=WORLD_END)) as other:
        token = other.tokens.access("user-read-recently-played")
        them = session.get(
            f"{other.spotify_api_url}/me", headers={"Authorization": f"Bearer {token}"}, timeout=10
        ).json()
    me = api.get("/me").json()
    assert me["id"] != them["id"]
    assert me["account_id"] != them["account_id"]


def test_album_tracks_are_paged(api: Client, world: World, session: requests.Session) -> None:
    """The pages together are the album, each once, in order."""
    album = max(
        (album for index in range(40) for album in world.catalogue.of(index).albums), key=lambda a: len(a.tracks)
    )
    page = api.get(f"/albums/{world.catalogue.album_id(album)}/tracks", limit=5).json()
    names = [track["name"] for track in page["items"]]
    while page["next"]:
        page = session.get(page["next"], headers=api.headers, timeout=10).json()
        names += [track["name"] for track in page["items"]]
    assert names == [track.name for track in album.tracks]
    assert page["total"] == len(album.tracks) > 5


def test_both_ids_of_a_relinked_track_answer_with_the_same_recording(api: Client, world: World) -> None:
    track = next(track for index in range(100) for track in world.catalogue.of(index).tracks if track.relinked)
    first, second = (world.catalogue.track_id(track, relinked=relinked) for relinked in (False, True))
    assert first != second
    one, two = (api.get(f"/tracks/{spotify_id}").json() for spotify_id in (first, second))
    assert (one["id"], two["id"]) == (first, second)
    assert one["external_ids"] == two["external_ids"]
    assert one["name"] == two["name"]


def test_search_finds_by_name_and_filter(api: Client, world: World) -> None:
    artist = api.get("/search", q="bjork", type="artist").json()["artists"]["items"][0]
    assert artist["name"] == "Björk"
    track = next(track for track in world.catalogue.of(15).tracks if track.isrc)
    body = api.get("/search", q=f"isrc:{track.isrc}", type="track").json()["tracks"]
    assert {item["external_ids"]["isrc"] for item in body["items"]} == {track.isrc}
    named = api.get("/search", q=f'track:"{track.name}" artist:"{world.artists[15].page_name}"', type="track").json()
    assert track.name in {item["name"] for item in named["tracks"]["items"]}


def test_unknown_paths_and_methods_are_refused(api: Client, session: requests.Session) -> None:
    assert api.get("/recommendations").status_code == 404
    assert api.get("/browse/new-releases").status_code == 403
    assert api.get(f"/artists/{'0' * 22}/top-tracks").json() == {"error": {"status": 403, "message": "Forbidden"}}
    assert session.post(f"{api.base}/me", headers=api.headers, timeout=10).status_code == 405
