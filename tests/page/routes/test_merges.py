"""Merges: what is counted as one, why, and the line that keeps it apart."""

from __future__ import annotations

import csv

import httpx
import pytest

from tests.support.pages import read_page


def test_what_has_most_minutes_at_stake_comes_first(client: httpx.Client) -> None:
    """Each with its reason, what it is counted with, and a line for the seed; the rest is a page away."""
    text = client.get("/merges").text
    [table] = read_page(text).tables
    minutes = [float(row["minutes"]) for row in table.rows]
    assert minutes == sorted(minutes, reverse=True)
    assert minutes[0] == 210.0
    assert table.rows[0]["why"] == "isrc"
    assert "dbt_project/seeds/merge_overrides.csv" in text
    assert "1 to 50 of 60" in text
    assert len(read_page(client.get("/merges?page=2").text).tables[0].rows) == 10


@pytest.mark.parametrize(("plural", "kind"), [("tracks", "recording"), ("artists", "artist")])
def test_a_line_is_one_of_the_seed(client: httpx.Client, plural: str, kind: str) -> None:
    """Of five columns, and what it was merged into has a page."""
    page = read_page(client.get(f"/merges/{plural}").text)
    for row in page.tables[0].rows:
        [line] = csv.reader([row["line_to_keep_apart"]])
        assert (line[:2], len(line)) == ([kind, "keep_apart"], 5)
    targets = [link for link in page.links if link.startswith(f"/{plural[:-1]}/")]
    assert len(targets) == len(page.tables[0].rows)
    assert client.get(targets[0]).status_code == 200


def test_nothing_else_is_merged(client: httpx.Client) -> None:
    """A kind that is none is not found; a listener without merges has an empty list."""
    assert client.get("/merges/albums").status_code == 404
    assert client.get("/merges?page=x").status_code == 400
    assert "Nothing is counted with another one." in client.get("/merges?listener=other").text
