"""Top lists."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import httpx
import pytest

from tests.support.page_server import serving
from tests.support.pages import Table, read_page


def table_of(client: httpx.Client, address: str) -> Table:
    """Return the list of a page."""
    return read_page(client.get(address).text).tables[0]


@pytest.mark.parametrize("plural", ["artists", "tracks", "albums", "genres", "countries"])
def test_unknown_stands_at_the_end_without_a_rank(client: httpx.Client, plural: str) -> None:
    """And its share counts: all shares are one whole, never more."""
    rows = table_of(client, f"/top/{plural}?rule=any").rows
    if plural == "tracks":
        rows += table_of(client, f"/top/{plural}?rule=any&page=2").rows
    assert [row["rank"] for row in rows] == [*map(str, range(1, len(rows))), ""]
    assert rows[-1]["name"] == "unknown"
    assert sum(float(row["share_pct"]) for row in rows) == pytest.approx(100, abs=0.5)


def test_minutes_rank_otherwise(client: httpx.Client) -> None:
    """The list follows the measure of the page."""
    for measure in ("plays", "minutes"):
        values = [float(row[measure]) for row in table_of(client, f"/top/artists?by={measure}").rows if row["rank"]]
        assert values == sorted(values, reverse=True)


def test_changes_of_rank_are_told_for_a_period_with_one_before(client: httpx.Client) -> None:
    """In words, beside the rank."""
    assert ">Change<" in client.get("/top/artists?from=2024-02&to=2024-02").text
    assert ">Change<" not in client.get("/top/artists").text


def test_pages_follow_each_other(client: httpx.Client) -> None:
    """Each row is on one page, and the count is that of what has a rank, as on the first page of all."""
    first, second = (client.get(f"/top/tracks?rule=any&page={page}").text for page in (1, 2))
    names = [
        row["key" if "key" in row else "name"] for text in (first, second) for row in read_page(text).tables[0].rows
    ]
    assert len(names) == len(set(names))
    ranked = len(names) - 1
    assert f"1 to 50 of {ranked}<" in first
    assert f"51 to {ranked} of {ranked}, and what has no rank" in second
    tracks = [value for query, name, value in read_page(client.get("/?rule=any").text).numbers if name == "tracks"]
    assert tracks == [str(ranked)]


def test_special_purpose_artists_stand_apart(published: Path, tmp_path: Path) -> None:
    """Various Artists, and any other that stands for no one artist, come last and have no rank."""
    copy = tmp_path / "music_tracker.duckdb"
    shutil.copy(published, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("update marts.dim_artist set is_special_purpose = true where artist_key = 2")
    with serving(copy) as url:
        for question in ("", "?from=2024&to=2024"):
            page = read_page(httpx.get(f"{url}/top/artists{question}", trust_env=False, timeout=60).text)
            ranks = [row["rank"] for row in page.tables[0].rows]
            assert ranks == ["1", "2", "3", "4", "5", "", ""]
