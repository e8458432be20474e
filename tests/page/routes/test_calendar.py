"""The calendar and the page of a day."""

from __future__ import annotations

import re

import httpx

from tests.support.pages import read_page


def test_a_year_has_each_day_once(client: httpx.Client) -> None:
    """366 of them in 2024; what is not covered is hatched, silence is not."""
    text = client.get("/calendar/2024").text
    days = re.findall(r'class="day (\w+)" href="/day/(2024-[\d-]+)"', text)
    assert len({day for _, day in days}) == len(days) == 366
    looks = {day: look for look, day in days}
    assert looks["2024-03-10"] == "l0"
    assert looks["2024-06-10"] == "unknown"
    assert "l4" in looks.values()


def test_a_day_shows_every_play_and_why(client: httpx.Client) -> None:
    """Also those that do not count."""
    page = read_page(client.get("/day/2024-01-14?rule=lastfm").text)
    rows = page.tables[0].rows
    assert len(rows) >= 3
    assert all(row["why_lastfm"].startswith(("yes", "no")) for row in rows)
    assert all((row["is_counted"] == "True") <= row["why_lastfm"].startswith("yes") for row in rows)


def test_a_day_names_the_rule_of_the_reports_in_words(client: httpx.Client) -> None:
    """What the reports leave out was too short."""
    days = [read_page(client.get(f"/day/2024-01-{day:02}").text).tables[0] for day in range(10, 20)]
    told = {row["why_in_reports"] for table in days for row in table.rows}
    assert "no: under 30 seconds were heard" in told
    assert "spotify30" not in str(told)


def test_a_day_of_which_nothing_is_known_says_so(client: httpx.Client) -> None:
    """Not that it was silent; and its neighbours are a click away."""
    text = client.get("/day/2024-06-10").text
    assert "Nobody knows" in text
    assert 'href="/day/2024-06-09"' in text and 'href="/day/2024-06-11"' in text
    assert "Nobody knows" not in client.get("/day/2024-03-10").text


def test_the_calendar_of_the_range_is_that_of_its_last_year(client: httpx.Client) -> None:
    """And the first and last day that there are have no neighbour outside."""
    assert '<h1 dir="auto">Calendar 2024</h1>' in client.get("/calendar?from=2024&to=2024").text
    assert client.get("/day/1970-01-01").status_code == client.get("/day/2199-12-31").status_code == 200


def test_no_day_that_nobody_knows_is_offered(client: httpx.Client) -> None:
    """Neither after the last known day nor before the first."""
    assert 'href="/day/2025-06-06"' in client.get("/day/2025-06-07").text
    assert 'href="/day/2025-06-08"' not in client.get("/day/2025-06-07").text
    assert 'href="/day/2023-10-31"' not in client.get("/day/2023-11-01").text
    assert 'href="/day/2023-11-02"' in client.get("/day/2023-11-01").text
