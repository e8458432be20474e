"""Searches as batch lookups: limits, missing keys, tags, areas with their parents, recordings by ISRC and by name."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import World
from sandbox.world.artists import Artist
from tests.support.world_end import WORLD_END

from .conftest import Client


def search(client: Client, entity: str, query: str, **more: Any) -> dict[str, Any]:
    """Search with the trailing slash that some clients send."""
    response = client.get(f"/{entity}/", query=query, fmt="json", **more)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def batch(field: str, ids: list[str]) -> str:
    return f"{field}:({' OR '.join(ids)})"


def named(world: World, name: str) -> Artist:
    return next(artist for artist in world.artists if artist.name == name)


def mbids(world: World, count: int) -> list[str]:
    return [artist.mbid for artist in world.artists if artist.mbid][:count]


def test_a_hundred_ids_in_one_request(musicbrainz: Client, world: World) -> None:
    """All that are known come back, and nothing else; an id that nobody has is just missing."""
    ids = mbids(world, 99)
    body = search(musicbrainz, "artist", batch("arid", [*ids, "00000000-0000-4000-8000-000000000000"]), limit=100)
    assert set(body) == {"created", "count", "offset", "artists"}
    assert {artist["id"] for artist in body["artists"]} == set(ids)
    assert body["count"] == 99


@pytest.mark.parametrize(("limit", "rows"), [("100", 40), ("30", 30), ("101", 25), ("0", 25), ("many", 25), (None, 25)])
def test_a_limit_beyond_a_hundred_becomes_twenty_five(
    musicbrainz: Client, world: World, limit: str | None, rows: int
) -> None:
    more = {"limit": limit} if limit else {}
    assert len(search(musicbrainz, "artist", batch("arid", mbids(world, 40)), **more)["artists"]) == rows


def test_pages_by_offset(musicbrainz: Client, world: World) -> None:
    query, seen = batch("arid", mbids(world, 40)), set()
    for offset in (0, 15, 30):
        seen |= {artist["id"] for artist in search(musicbrainz, "artist", query, limit=15, offset=offset)["artists"]}
    assert len(seen) == 40


def test_absent_values_are_absent_keys(musicbrainz: Client, world: World) -> None:
    """No null but in life-span and aliases; gender in lower case; the area has a type and no codes."""
    items = search(musicbrainz, "artist", batch("arid", mbids(world, 100)), limit=100)["artists"]
    assert not any(value is None for item in items for value in item.values())
    assert {item["gender"] for item in items if "gender" in item} == {"male", "female"}
    assert {item["life-span"]["ended"] for item in items} == {None, True}
    areas = [item[key] for item in items for key in ("area", "begin-area") if key in item]
    assert all(set(area) == {"id", "type", "type-id", "name", "sort-name", "life-span"} for area in areas)
    assert any("begin-area" not in item for item in items)
    assert not any("genres" in item or "relations" in item for item in items)


def test_only_artists_whose_own_area_is_a_country_have_one(musicbrainz: Client, world: World) -> None:
    """Massive Attack (Bristol) and Lizzo (Minnesota) have none, Björk (Iceland) has."""
    asked = {name: named(world, name).mbid or "" for name in ("Massive Attack", "Lizzo", "Björk", "Кино")}
    items = search(musicbrainz, "artist", batch("arid", list(asked.values())))["artists"]
    countries = {item["name"]: item.get("country") for item in items}
    assert countries == {"Massive Attack": None, "Lizzo": None, "Björk": "IS", "Кино": "SU"}


def test_tags_mix_genres_with_other_words_and_counts_can_be_zero(musicbrainz: Client, world: World) -> None:
    genres = set(musicbrainz.get("/genre/all", fmt="txt").text.split("\n"))
    items = search(musicbrainz, "artist", batch("arid", mbids(world, 100)), limit=100)["artists"]
    tags = [tag for item in items for tag in item.get("tags", [])]
    assert {tag["name"] for tag in tags} & genres
    assert {tag["name"] for tag in tags} - genres
    assert min(tag["count"] for tag in tags) <= 0
    assert any(
        [tag["name"] for tag in item["tags"]] != sorted(tag["name"] for tag in item["tags"])
        for item in items
        if "tags" in item
    )


def test_the_genre_list_is_whole_as_text_and_paged_as_json(musicbrainz: Client) -> None:
    whole = musicbrainz.get("/genre/all", fmt="txt", limit=5)
    assert whole.headers["Content-Type"].startswith("text/plain")
    names = whole.text.split("\n")
    assert len(names) > 200
    body = musicbrainz.get("/genre/all", fmt="json", limit=100, offset=100).json()
    assert (body["genre-count"], body["genre-offset"]) == (len(names), 100)
    assert [genre["name"] for genre in body["genres"]] == names[100:200]


def test_queries_are_checked(musicbrainz: Client) -> None:
    """Two queries, none, an inc, an unknown parameter, and an id that is no id are refused."""
    two = musicbrainz.get("/artist", query=["a", "b"], fmt="json")
    assert (two.status_code, two.json()["error"]) == (400, "Must specify at most 1 query argument")
    refused = [
        musicbrainz.get("/artist", query="  ", fmt="json"),
        musicbrainz.get("/artist", fmt="json"),
        musicbrainz.get("/artist", query="a", inc="genres", fmt="json"),
        musicbrainz.get("/artist", query="a", rows=3, fmt="json"),
        musicbrainz.get("/artist", query="arid:(nonsense OR rubbish)", fmt="json"),
    ]
    assert [response.status_code for response in refused] == [400] * 5


def test_names_are_found_by_phrase_alias_and_word(musicbrainz: Client, world: World) -> None:
    """The best hit has the score 100, whoever it is; a query that cannot be parsed is read as words."""
    items = search(musicbrainz, "artist", 'artist:"massive attack"')["artists"]
    assert (items[0]["name"], items[0]["score"]) == ("Massive Attack", 100)
    assert search(musicbrainz, "artist", 'alias:"jay chou"')["artists"][0]["id"] == named(world, "周杰倫").mbid
    assert search(musicbrainz, "artist", 'artist:"attack massive"')["artists"] == []
    broken = search(musicbrainz, "artist", 'artist:("massive')["artists"]
    assert "Massive Attack" in {item["name"] for item in broken}
    both = search(musicbrainz, "artist", 'artist:"queen" AND NOT arid:00000000-0000-4000-8000-000000000000')
    assert both["artists"][0]["name"] == "Queen"


def test_homonyms_come_back_together(session: Any) -> None:
    """Several MBIDs share one name; none of them is marked as the right one."""
    from sandbox import Sandbox

    world = World(artists=108, plays=100, years=0.02, homonyms=True, now=WORLD_END)
    with Sandbox(world) as sandbox:
        client = Client(f"{sandbox.musicbrainz_url}/ws/2", {"User-Agent": "t/1 ( a@b.c )"}, session)
        items = search(client, "artist", 'artist:"Nirvana"')["artists"]
    assert [item["score"] for item in items] == [100] * 4
    assert len({item["id"] for item in items}) == 4


def test_areas_tell_their_codes_and_their_parents_one_level_up(musicbrainz: Client, world: World) -> None:
    """Abingdon is in Oxfordshire; England knows its code and its parent, and not its children."""
    ids = {area.name: area.mbid for area in world.map.areas.values() if area.name in ("Abingdon-on-Thames", "England")}
    items = {item["name"]: item for item in search(musicbrainz, "area", batch("aid", list(ids.values())))["areas"]}
    (parents,) = items["Abingdon-on-Thames"]["relation-list"]
    assert [link["area"]["name"] for link in parents["relations"]] == ["Oxfordshire"]
    assert "iso-3166-2-codes" not in items["Abingdon-on-Thames"]
    england = items["England"]
    assert england["iso-3166-2-codes"] == ["GB-ENG"]
    (link,) = england["relation-list"][0]["relations"]
    assert set(link) == {"type", "type-id", "target", "direction", "area"}
    assert (link["type"], link["direction"], link["target"]) == ("part of", "backward", link["area"]["id"])
    assert not any(key.startswith("iso") for key in link["area"])


def test_areas_can_have_several_parents_ended_ones_and_none(musicbrainz: Client, world: World) -> None:
    """Palma is in Mallorca and the Illes Balears; Haute-Garonne's old region is over; a country has none."""
    wanted = [area for area in world.map.areas.values() if area.name in ("Palma", "Haute-Garonne", "Germany")]
    items = {
        item["name"]: item for item in search(musicbrainz, "area", batch("aid", [a.mbid for a in wanted]))["areas"]
    }
    palma = {link["area"]["name"] for link in items["Palma"]["relation-list"][0]["relations"]}
    assert palma == {"Mallorca", "Illes Balears"}
    regions = items["Haute-Garonne"]["relation-list"][0]["relations"]
    ended = {link["area"]["name"]: link["area"]["life-span"]["ended"] for link in regions}
    assert ended == {"Midi-Pyrénées": True, "Occitanie": None}
    assert "relation-list" not in items["Germany"]
    assert items["Germany"]["iso-3166-1-codes"] == ["DE"]


def test_recordings_by_isrc(musicbrainz: Client, world: World) -> None:
    """Several recordings for one code, none for another; the credited artist has no type and no country."""
    tracks = [track for index in range(8) for track in world.catalogue.of(index).tracks if track.isrc]
    codes = sorted({track.isrc for track in tracks if track.isrc})[:40]
    items = search(musicbrainz, "recording", batch("isrc", codes), limit=100)["recordings"]
    found = [code for item in items for code in item["isrcs"]]
    assert set(found) < set(codes)
    assert max(found.count(code) for code in codes) > 1
    for item in items:
        assert item["video"] is None
        assert item["releases"][0]["media"]
        who = item["artist-credit"][0]["artist"]
        assert set(who) <= {"id", "name", "sort-name", "disambiguation", "aliases"}


def test_a_recording_by_title_and_artist(musicbrainz: Client, world: World) -> None:
    artist = named(world, "Björk")
    codes = [track.isrc for track in world.catalogue.of(artist.index).tracks if track.isrc]
    title = search(musicbrainz, "recording", batch("isrc", codes))["recordings"][0]["title"]
    by_name = search(musicbrainz, "recording", f'recording:"{title}" AND artist:"Björk"')["recordings"]
    by_id = search(musicbrainz, "recording", f'recording:"{title}" AND arid:{artist.mbid}')["recordings"]
    assert {item["title"] for item in by_name} == {title}
    assert {item["id"] for item in by_name} == {item["id"] for item in by_id}
    assert search(musicbrainz, "recording", f'recording:"{title}" AND artist:"Radiohead"')["recordings"] == []
