"""What people ask listening sites for most, by number, as far as no other test names it."""

from __future__ import annotations

import csv
import io
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from page.entities import Kind
from tests.support.pages import Page, read_page

THINGS = [kind for kind in Kind if kind is not Kind.ALL]
CHARTED = ("/", "/clock", "/map", "/taste", "/calendar/2024", "/completeness", "/compare?a=2024&b=2025")


def page_of(client: httpx.Client, address: str) -> Page:
    """Return a page, read; it is there."""
    answer = client.get(address, follow_redirects=True)
    assert answer.status_code == 200, address
    return read_page(answer.text)


@pytest.mark.parametrize("asked", ["from=2024-02-03&to=2024-02-17", "from=2024&to=2024", "from=2024-08"])
def test_any_range_and_presets(client: httpx.Client, asked: str) -> None:
    """Feature 1: two days, a year, an open end; this year and all time are one click away."""
    page = page_of(client, f"/top/tracks?{asked}")
    assert page.tables[0].rows
    presets = {urlsplit(link).query for link in page.links if urlsplit(link).path == "/top/tracks"}
    assert "" in presets  # all time
    assert "from=2025-01-01&to=2025-06-07" in presets  # this year


def test_the_range_stays_in_every_link(client: httpx.Client) -> None:
    """Feature 2: across pages, in the address, with rule and measure."""
    asked = "from=2024-02-01&to=2024-04-30&rule=any&by=minutes"
    for address in ("/", "/top/artists", "/clock", "/habits", "/map"):
        page = page_of(client, f"{address}?{asked}")
        menu = [link for link in page.links if link.startswith("/") and "/static/" not in link]
        kept = [link for link in menu if parse_qs(asked).items() <= parse_qs(urlsplit(link).query).items()]
        assert len(kept) >= 15, address


@pytest.mark.parametrize("kind", THINGS, ids=lambda kind: kind.plural)
def test_minutes_stand_beside_plays(client: httpx.Client, kind: Kind) -> None:
    """Feature 4: in each ranked list, and each can be the measure."""
    for measure in ("plays", "minutes"):
        row = page_of(client, f"/top/{kind.plural}?by={measure}").tables[0].rows[0]
        assert float(row["plays"]) > 0
        assert float(row["minutes"]) > 0


def test_genres_are_ranked_and_lead_to_their_artists(client: httpx.Client) -> None:
    """Feature 5."""
    page = page_of(client, "/top/genres")
    assert {row["name"] for row in page.tables[0].rows} >= {"pop", "r&b <b>"}
    genre = next(link for link in page.links if link.startswith("/genre/"))
    assert "entity_artists" in page_of(client, genre).ids


def test_each_day_of_the_calendar_leads_to_its_plays(client: httpx.Client) -> None:
    """Feature 12: a heat map by day; the weeks begin on one set day; a day that nobody knows is no zero."""
    page = page_of(client, "/calendar/2024")
    days = {urlsplit(link).path for link in page.links if link.startswith("/day/2024-")}
    assert len(days) > 300
    assert "day_plays" in page_of(client, "/day/2024-01-14").ids
    silent, unknown = (
        next(row for row in page.tables[0].rows if row["day"] == day) for day in ("2024-03-05", "2024-06-05")
    )
    assert (silent["plays"], unknown["plays"]) == ("0", "")


@pytest.mark.parametrize("kind", [Kind.ARTIST, Kind.ALBUM, Kind.TRACK])
def test_a_thing_has_a_page_with_its_rank_by_year(client: httpx.Client, kind: Kind) -> None:
    """Features 16 and 17: first and last heard, months, rank among all of its kind in each year."""
    top = page_of(client, f"/top/{kind.plural}")
    link = next(found for found in top.links if found.startswith(f"/{kind.value}/"))
    page = page_of(client, link)
    assert {"first_heard", "last_heard"} <= {column for _, column, _ in page.numbers}
    ranks = [row for table in page.tables if "entity_years" in table.sql for row in table.rows]
    assert [row["year"] for row in ranks] == ["2023", "2024", "2025"]
    assert all(int(row["rank"]) >= 1 for row in ranks)


def test_search_finds_without_accents_and_leads_on(client: httpx.Client) -> None:
    """Feature 22: names of every kind, folded."""
    page = page_of(client, "/search?q=cote d'ivoire")
    found = [link for link in page.links if link.startswith("/country/")]
    assert found
    page_of(client, found[0])


@pytest.mark.parametrize("address", CHARTED)
def test_units_definitions_and_completeness_stand_beside_each_chart(client: httpx.Client, address: str) -> None:
    """Feature 25, and what no other has: a table for each chart, its SQL and CSV, the share of time that is covered."""
    text = client.get(address).text
    page = read_page(text)
    assert "is covered" in page.text or address == "/completeness"
    assert page.tables
    for table in page.tables:
        view = table.sql.partition("/data/")[2].partition(".")[0]
        assert table.sql.replace(".sql", ".csv", 1) in page.links, view
        sql = client.get(table.sql)
        assert sql.text.startswith("-- "), view
        rows = list(csv.DictReader(io.StringIO(client.get(table.sql.replace(".sql", ".csv", 1)).text, newline="")))
        assert len(rows) >= len(table.rows), view
