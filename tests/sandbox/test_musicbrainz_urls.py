"""/ws/2/url: the batch that matters, with every edge case of its contract."""

from __future__ import annotations

import pytest

from sandbox import Sandbox, World
from tests.support.world_end import WORLD_END

from .conftest import Client

SPOTIFY = "https://open.spotify.com/artist/"


@pytest.fixture
def linked(world: World) -> list[str]:
    """Spotify pages that MusicBrainz knows."""
    return [SPOTIFY + world.catalogue.artist_id(index) for index in world.cast.links]


def test_one_resource_gives_a_bare_object(musicbrainz: Client, linked: list[str]) -> None:
    body = musicbrainz.get("/url", resource=linked[0], inc="artist-rels", fmt="json").json()
    assert set(body) == {"id", "resource", "relations"}
    assert body["resource"] == linked[0]


def test_two_resources_give_a_list_even_if_they_are_equal(musicbrainz: Client, linked: list[str]) -> None:
    body = musicbrainz.get("/url", resource=[linked[0], linked[0]], inc="artist-rels", fmt="json").json()
    assert (body["url-count"], body["url-offset"], len(body["urls"])) == (1, 0, 1)


def test_many_are_sorted_by_their_own_id_and_unknown_ones_are_left_out(musicbrainz: Client, linked: list[str]) -> None:
    """Neither the order nor the number of the request can be relied on."""
    asked = [*linked[:20], SPOTIFY + "0" * 22]
    urls = musicbrainz.get("/url", resource=asked, inc="artist-rels", fmt="json").json()["urls"]
    assert [url["id"] for url in urls] == sorted(url["id"] for url in urls)
    assert {url["resource"] for url in urls} == set(linked[:20])
    assert [url["resource"] for url in urls] != linked[:20]


def test_all_unknown_is_an_empty_list_and_one_unknown_is_404(musicbrainz: Client) -> None:
    strange = [SPOTIFY + "0" * 22, SPOTIFY + "1" * 22]
    body = musicbrainz.get("/url", resource=strange, fmt="json").json()
    assert body == {"url-count": 0, "url-offset": 0, "urls": []}
    single = musicbrainz.get("/url", resource=strange[0], fmt="json")
    assert single.status_code == 404
    assert set(single.json()) == {"error", "help"}
    assert single.json()["error"] == "Not Found"


def test_the_hundred_and_first_resource_is_cut_off_without_a_word(musicbrainz: Client, linked: list[str]) -> None:
    asked = [SPOTIFY + "0" * 22] * 100 + linked[:1]
    response = musicbrainz.get("/url", resource=asked, fmt="json")
    assert response.status_code == 200
    assert response.json()["urls"] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url + "?si=abc",
        lambda url: url + "/",
        lambda url: url.replace("https", "http"),
        lambda url: url.replace("/artist", "/intl-de/artist"),
        lambda url: url.replace("/artist", "/Artist"),
    ],
)
def test_only_the_exact_address_matches(musicbrainz: Client, linked: list[str], change: object) -> None:
    assert musicbrainz.get("/url", resource=change(linked[0]), fmt="json").status_code == 404  # type: ignore[operator]


def test_scheme_and_host_may_be_in_capitals(musicbrainz: Client, linked: list[str]) -> None:
    assert musicbrainz.get("/url", resource=linked[0].replace("https://open", "HTTPS://Open"), fmt="json").ok


def test_the_relation_has_all_fields_and_an_artist_with_the_containing_country(
    musicbrainz: Client, world: World
) -> None:
    """Massive Attack's area is Bristol, a city; here, and in lookups only, the country is known."""
    artist = next(artist for artist in world.artists if artist.name == "Massive Attack")
    body = musicbrainz.get("/url", resource=SPOTIFY + world.catalogue.artist_id(artist.index), inc="artist-rels").json()
    (relation,) = body["relations"]
    assert set(relation) == {
        *("type", "type-id", "target-type", "direction", "begin", "end", "ended", "attributes", "attribute-ids"),
        *("attribute-values", "source-credit", "target-credit", "artist"),
    }
    assert (relation["type"], relation["target-type"], relation["direction"]) == (
        "free streaming",
        "artist",
        "backward",
    )
    assert set(relation["artist"]) == {"id", "name", "sort-name", "type", "type-id", "country", "disambiguation"}
    assert (relation["artist"]["id"], relation["artist"]["country"]) == (artist.mbid, "GB")


def test_includes_are_relations_only_and_in_one_parameter(musicbrainz: Client, linked: list[str]) -> None:
    assert "relations" not in musicbrainz.get("/url", resource=linked[0]).json()
    assert musicbrainz.get("/url", resource=linked[0], inc="artist-rels label-rels").ok
    genres = musicbrainz.get("/url", resource=linked[0], inc="genres")
    assert genres.status_code == 400
    assert genres.json()["error"] == "genres is not a valid inc parameter for the url resource."
    assert musicbrainz.get("/url", resource=linked[0], inc=["artist-rels", "label-rels"]).status_code == 400
    assert musicbrainz.get("/url", resource=linked[0], limit=100).status_code == 400
    assert musicbrainz.get("/url").status_code == 400


def test_links_can_be_shared_ended_or_second_pages(session: object) -> None:
    """What a careful client must not mistake, in the world of homonyms."""
    world = World(artists=110, plays=100, years=0.02, homonyms=True, now=WORLD_END)
    pages = {case: spotify_id for spotify_id, case in world.cases.items()}
    with Sandbox(world) as sandbox:
        client = Client(f"{sandbox.musicbrainz_url}/ws/2", {"User-Agent": "t/1 ( a@b.c )"}, session)  # type: ignore[arg-type]

        def targets(case: str) -> list[tuple[str, bool]]:
            body = client.get("/url", resource=SPOTIFY + pages[case], inc="artist-rels", fmt="json").json()
            return [(link["artist"]["id"], link["ended"]) for link in body["relations"]]

        true = {case: world.true_mbid(spotify_id) for case, spotify_id in pages.items()}
        shared = targets("shared_page")
        assert (len(shared), true["shared_page"] in dict(shared)) == (2, True)
        assert [mbid for mbid, ended in targets("ended_and_live") if not ended] == [true["ended_and_live"]]
        assert [ended for _, ended in targets("only_ended")] == [True]
        assert targets("only_ended")[0][0] != true["only_ended"]
        assert targets("second_page") == [(true["second_page"], False)]
        for case in ("namesake_known", "namesake_unknown", "stray_isrc"):
            assert client.get("/url", resource=SPOTIFY + pages[case], fmt="json").status_code == 404
