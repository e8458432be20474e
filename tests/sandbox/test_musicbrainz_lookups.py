"""Lookups, merged and deleted ids, user agents, the two kinds of 503, and what a proxy in front would do."""

from __future__ import annotations

import pytest
import requests

from sandbox import Sandbox, World
from tests.support.world_end import WORLD_END

from .conftest import AGENT, Client


def mbid_of(world: World, name: str) -> str:
    return next(artist.mbid for artist in world.artists if artist.name == name and artist.mbid)


def test_an_artist_lookup_writes_null_and_leaves_the_types_of_areas_out(musicbrainz: Client, world: World) -> None:
    """The containing country is known, the gender is capitalised, and area.type is always null."""
    body = musicbrainz.get(f"/artist/{mbid_of(world, 'Kanye West')}", fmt="json").json()
    assert set(body) == {
        *("id", "name", "sort-name", "type", "type-id", "gender", "gender-id", "country", "area", "begin-area"),
        *("end-area", "disambiguation", "life-span", "ipis", "isnis"),
    }
    assert (body["country"], body["gender"], body["end-area"]) == ("US", "Male", None)
    assert (body["area"]["name"], body["area"]["type"]) == ("Chicago", None)
    assert body["begin-area"]["type"] is None
    assert body["life-span"] == {"begin": "1977-06-08", "end": None, "ended": False}
    group = musicbrainz.get(f"/artist/{mbid_of(world, 'Queen')}", fmt="json").json()
    assert (group["gender"], group["begin-area"]) == (None, None)
    assert group["area"]["iso-3166-1-codes"] == ["GB"]


def test_includes_of_an_artist(musicbrainz: Client, world: World) -> None:
    """Tags are positive and sorted, genres are a part of them; Spotify pages are url relations."""
    for name in ("Radiohead", "ABBA", "Björk"):
        body = musicbrainz.get(f"/artist/{mbid_of(world, name)}", inc="tags genres url-rels aliases").json()
        assert [tag["name"] for tag in body["tags"]] == sorted(tag["name"] for tag in body["tags"])
        assert all(tag["count"] > 0 for tag in body["tags"])
        assert {genre["name"] for genre in body["genres"]} <= {tag["name"] for tag in body["tags"]}
        assert all(link["url"]["resource"].startswith("https://open.spotify.com/artist/") for link in body["relations"])
    refused = musicbrainz.get(f"/artist/{mbid_of(world, 'ABBA')}", inc="parents")
    assert (refused.status_code, refused.json()["error"]) == (
        400,
        "parents is not a valid inc parameter for the artist resource.",
    )
    assert musicbrainz.get(f"/artist/{mbid_of(world, 'ABBA')}", inc="user-tags").status_code == 401


def test_an_area_lookup_has_parents_backward_and_children_forward(musicbrainz: Client, world: World) -> None:
    england = next(area.mbid for area in world.map.areas.values() if area.name == "England")
    body = musicbrainz.get(f"/area/{england}", inc="area-rels", fmt="json").json()
    links = {direction: [link["area"] for link in body["relations"] if link["direction"] == direction]
             for direction in ("backward", "forward")}  # fmt: skip
    assert [area["name"] for area in links["backward"]] == ["United Kingdom"]
    assert links["backward"][0]["iso-3166-1-codes"] == ["GB"]
    assert "London" in {area["name"] for area in links["forward"]}
    assert (body["type"], body["iso-3166-2-codes"]) == ("Subdivision", ["GB-ENG"])
    assert "relations" not in musicbrainz.get(f"/area/{england}").json()


def test_a_merged_id_redirects_and_is_missing_from_searches(session: requests.Session) -> None:
    """301 with the same query; links and searches know the new id only; a deleted one is 404."""
    world = World(artists=20, plays=100, years=0.02, now=WORLD_END)
    with Sandbox(world) as sandbox:
        client = Client(f"{sandbox.musicbrainz_url}/ws/2", {"User-Agent": AGENT}, session)
        old, gone = mbid_of(world, "Radiohead"), mbid_of(world, "Coldplay")
        new = sandbox.musicbrainz.data.merge(old)
        sandbox.musicbrainz.data.delete(gone)
        response = client.get(f"/artist/{old}", fmt="json", inc="tags")
        assert response.status_code == 301
        assert response.headers["Location"] == f"{client.base}/artist/{new}?fmt=json&inc=tags"
        followed = session.get(response.headers["Location"], headers=client.headers, timeout=10).json()
        assert (followed["id"], followed["name"]) == (new, "Radiohead")
        assert client.get(f"/artist/{gone}", fmt="json").status_code == 404
        items = client.get("/artist", query=f"arid:({old} OR {gone} OR {new})", fmt="json").json()["artists"]
        assert [item["id"] for item in items] == [new]
        pages = [f"https://open.spotify.com/artist/{world.catalogue.artist_id(index)}" for index in range(20)]
        urls = client.get("/url", resource=pages, inc="artist-rels", fmt="json").json()["urls"]
        targets = {link["artist"]["id"] for url in urls for link in url["relations"]}
        assert not targets & {old, gone}


def test_bad_and_unknown_ids(musicbrainz: Client) -> None:
    bad = musicbrainz.get("/artist/not-an-mbid", fmt="json")
    assert (bad.status_code, bad.json()["error"]) == (400, "Invalid mbid.")
    assert musicbrainz.get("/artist/00000000-0000-4000-8000-000000000000", fmt="json").status_code == 404
    assert musicbrainz.get("/label/00000000-0000-4000-8000-000000000000", fmt="json").status_code == 404


def test_an_isrc_lookup(musicbrainz: Client, world: World) -> None:
    for track in world.catalogue.of(3).tracks:
        if track.isrc and musicbrainz.get(f"/isrc/{track.isrc}", fmt="json").ok:
            break
    body = musicbrainz.get(f"/isrc/{track.isrc}", inc="artist-credits", fmt="json").json()
    assert body["isrc"] == track.isrc
    credit = body["recordings"][0]["artist-credit"][0]
    assert (credit["artist"]["id"], credit["artist"]["country"]) == (world.artists[3].mbid, "GB")
    assert musicbrainz.get("/isrc/ZZZZZ9999999", fmt="json").status_code == 404
    malformed = musicbrainz.get("/isrc/nonsense", fmt="json")
    assert (malformed.status_code, malformed.json()["error"]) == (400, "Invalid isrc.")
    assert musicbrainz.get(f"/isrc/{track.isrc}", inc="genres", fmt="json").status_code == 400


@pytest.mark.parametrize(
    "agent", ["", "python-requests/2.32", "Python-urllib/3.11", "curl/8.5", "MyTracker", "MyTracker/1.0"]
)
def test_an_application_has_to_say_who_it_is(musicbrainz: Client, agent: str) -> None:
    """A name, a version and a contact; the names of libraries are not enough."""
    response = requests.get(f"{musicbrainz.base}/genre/all?fmt=txt", headers={"User-Agent": agent}, timeout=10)
    assert response.status_code == 403
    assert response.headers["x-ratelimit-who"] == "ua-missing"
    assert "has not identified itself" in response.json()["error"]
    good = {"User-Agent": "music-tracker/0.1 python-musicbrainzngs/0.7.1 ( me@example.org )"}
    assert requests.get(f"{musicbrainz.base}/genre/all?fmt=txt", headers=good, timeout=10).ok


def test_without_asking_for_json_xml_comes_back(musicbrainz: Client, world: World) -> None:
    path = f"/artist/{mbid_of(world, 'ABBA')}"
    bare = Client(musicbrainz.base, {"User-Agent": AGENT, "Accept": "*/*"}, musicbrainz.session)
    assert bare.get(path).headers["Content-Type"].startswith("application/xml")
    assert bare.get(path, fmt="json").headers["Content-Type"].startswith("application/json")


def test_over_the_rate_everything_is_refused_until_it_drops(session: requests.Session) -> None:
    """Not every second request but all: refused ones count, too. At the rate, nothing is refused."""
    with Sandbox(World(artists=5, plays=50, years=0.02, now=WORLD_END), rate=1.0) as sandbox:
        client = Client(f"{sandbox.musicbrainz_url}/ws/2", {"User-Agent": AGENT}, session)
        answers = [client.get("/genre/all", fmt="txt") for _ in range(20)]
    refused = [answer for answer in answers if answer.status_code == 503]
    assert [answer.status_code for answer in answers[-14:]] == [503] * 14
    assert refused[0].headers["X-RateLimit-Zone"] == "per-ip"
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert "exceeding the allowable rate limit" in refused[0].json()["error"]


def test_good_answers_carry_the_headers_that_mean_nothing(musicbrainz: Client, world: World) -> None:
    """ETag and X-RateLimit headers are there, and a conditional request is answered in full."""
    path = f"/artist/{mbid_of(world, 'ABBA')}"
    first = musicbrainz.get(path, fmt="json")
    assert first.headers["X-RateLimit-Limit"] == "1200"
    assert musicbrainz.get("/artist", query="abba", fmt="json").headers["X-RateLimit-Limit"] == "360"
    again = requests.get(
        f"{musicbrainz.base}{path}?fmt=json",
        headers={"User-Agent": AGENT, "If-None-Match": first.headers["ETag"]},
        timeout=10,
    )
    assert (again.status_code, again.content) == (200, first.content)
