"""Ranked lists to take away."""

from __future__ import annotations

import httpx
import pytest

from tests.support.pages import read_page

KINDS = ["artists", "tracks", "albums", "genres", "countries"]


@pytest.mark.parametrize("plural", KINDS)
def test_a_list_has_a_track_for_each_ranked_thing(client: httpx.Client, plural: str) -> None:
    """In the order of the list, without the unknown one."""
    rows = [row for row in read_page(client.get(f"/top/{plural}").text).tables[0].rows if row["rank"]]
    text = client.get(f"/take/{plural}.m3u8").text
    if plural != "tracks":
        assert text.count("#EXTINF") == len(rows)
    else:
        assert text.count("#EXTINF") >= len(rows)
    assert client.get(f"/take/{plural}.txt").text.count("spotify:track:") == text.count("#EXTINF")


def test_every_list_links_to_its_files(client: httpx.Client) -> None:
    """With the range; an unknown list or ending is a plain page."""
    links = read_page(client.get("/top/tracks?from=2024&to=2024").text).links
    taken = [link for link in links if link.startswith("/take/")]
    assert [link.split("?")[0].rsplit(".")[1] for link in taken] == ["m3u8", "xspf", "txt"]
    assert all("from=2024-01-01" in link for link in taken)
    assert client.get("/take/tracks.exe").status_code == 404
    assert client.get("/take/days.txt").status_code == 404
