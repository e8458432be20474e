"""CSV and SQL of every view."""

from __future__ import annotations

import csv
import io

import httpx
import pytest

from page.routes import data
from tests.support.pages import read_page


def test_csv_has_every_row_of_the_list(client: httpx.Client) -> None:
    """Not only those of its page, and names as they are."""
    answer = client.get("/data/top_tracks.csv?rule=any")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) > 50
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert any(row["artist_name"] == "<script>alert(1)</script>" for row in rows)


def test_sql_is_text_with_its_values(client: httpx.Client) -> None:
    """Ready to paste; a quote in a value is doubled."""
    answer = client.get("/data/search.sql", params={"search": "d'Iv"})
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "'d''Iv'" in answer.text


def test_every_view_of_every_page_can_be_taken_away(client: httpx.Client) -> None:
    """The links beside a table give what they say."""
    for address in ("/", "/completeness", "/about", "/day/2024-01-14", "/calendar/2024"):
        for link in read_page(client.get(address).text).links:
            if link.startswith("/data/"):
                assert client.get(link).status_code == 200, link


@pytest.mark.parametrize("slice_rows", [1, 7, 20_000])
def test_a_list_in_slices_is_the_whole_list(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, slice_rows: int
) -> None:
    """Whatever the size of a slice, also when the last one is full; each row once, in order, under one header."""
    for address in ("/data/top_artists.csv?rule=any", "/data/plays.csv?from=2024-01&to=2024-01&rule=any"):
        whole = client.get(address).text
        monkeypatch.setattr(data, "SLICE_ROWS", slice_rows)
        assert client.get(address).text == whole
        assert whole.count("\r\n") > 5
        monkeypatch.undo()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_is_a_formula(text: str) -> None:
    """Names come from outside; numbers stay numbers."""
    assert data._cells({"name": text, "plays": -1, "minutes": None}) == {
        "name": f"'{text}",
        "plays": -1,
        "minutes": None,
    }
