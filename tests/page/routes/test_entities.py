"""Pages of artists, albums, tracks, genres and countries."""

from __future__ import annotations

from pathlib import Path
from shutil import copy

import duckdb
import httpx

from tests.support.page_server import serving
from tests.support.pages import read_page


def first_link(client: httpx.Client, address: str, start: str) -> str:
    """Return the first link of a page that begins so."""
    return next(link for link in read_page(client.get(address).text).links if link.startswith(start))


def test_an_artist_has_numbers_lists_and_links_out(client: httpx.Client) -> None:
    """First and last heard are of all time, whatever the range."""
    link = first_link(client, "/top/artists?from=2024-02&to=2024-02", "/artist/")
    page = read_page(client.get(link).text)
    numbers = {column: value for _, column, value in page.numbers}
    assert numbers["first_heard"] < "2024-02-01"
    assert numbers["last_heard"] > "2024-02-29"
    assert {"entity_months", "entity_tracks", "entity_albums", "plays"} <= set(page.ids)
    assert any(link.startswith("https://open.spotify.com/artist/") for link in page.links)


def test_a_track_says_of_how_many_it_is_made(client: httpx.Client) -> None:
    """And leads to why they count as one; a track alone says nothing of it."""
    links = [link for link in read_page(client.get("/top/tracks").text).links if link.startswith("/track/")]
    texts = [client.get(link).text for link in links[:20]]
    of_two = [text for text in texts if '2 Spotify tracks <a href="/merges">count as this one</a>' in text]
    assert 0 < len(of_two) < 20
    assert sum("count as this one" in text for text in texts) == len(of_two)


def test_a_country_with_a_comma_or_quote_has_a_page(client: httpx.Client) -> None:
    """Its name is its key."""
    text = client.get("/country/C%C3%B4te%20d%27Ivoire").text
    assert "Côte d&#39;Ivoire" in text


def test_a_genre_counts_shares_of_plays(client: httpx.Client) -> None:
    """A quarter of each play of its artists."""
    link = first_link(client, "/top/genres", "/genre/")
    numbers = {column: value for _, column, value in read_page(client.get(link).text).numbers}
    assert float(numbers["plays"]) % 0.25 == 0


def test_plays_of_a_thing_lead_on_with_it(client: httpx.Client) -> None:
    """The list behind the page is of this thing alone."""
    link = first_link(client, "/top/albums", "/album/")
    more = next(found for found in read_page(client.get(link).text).links if found.startswith("/plays?"))
    assert "kind=album" in more
    assert "Plays of" in client.get(more).text


def test_never_more_tracks_were_heard_than_an_album_has(client: httpx.Client, published: Path, tmp_path: Path) -> None:
    """4 of 12; of an album that Spotify says has 3, the 4 alone."""
    link = first_link(client, "/top/albums", "/album/")
    assert " 4 of 12 tracks were heard" in client.get(link).text
    for heard, total, told in ((4, 3, "4 tracks were"), (1, 3, "1 of 3 tracks was"), (1, 1, "1 of 1 track was")):
        changed = Path(copy(published, tmp_path / "changed.duckdb"))
        with duckdb.connect(str(changed)) as connection:
            connection.execute("update marts.dim_album set tracks_heard = ?, total_tracks = ?", [heard, total])
        with serving(changed) as url:
            text = httpx.get(f"{url}{link}", trust_env=False, timeout=60).text
        assert f". {told} heard at some time." in text


def test_a_country_of_one_artist_is_told_in_the_singular(client: httpx.Client) -> None:
    """Two come from Iceland, one from Chile."""
    assert "2 artists come from there." in client.get("/country/Iceland").text
    assert "1 artist comes from there." in client.get("/country/Chile").text
