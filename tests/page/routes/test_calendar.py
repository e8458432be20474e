"""The calendar and the page of a day."""

from __future__ import annotations

import re

import httpx

from tests.support.pages import Page, read_page


def test_a_year_has_each_day_once(client: httpx.Client) -> None:
    """366 of them in 2024; what is not covered is hatched, silence is not."""
    text = client.get("/calendar/2024").text
    days = re.findall(r'class="day (\w+)" href="/day/(2024-[\d-]+)"', text)
    assert len({day for _, day in days}) == len(days) == 366
    looks = {day: look for look, day in days}
    assert looks["2024-03-10"] == "l0"
    assert looks["2024-06-10"] == "unknown"
    assert "l4" in looks.values()


def test_one_play_is_told_in_the_singular(client: httpx.Client) -> None:
    """In the calendar, on the day, in the diary and in charts; nobody's day is told as that."""
    text = client.get("/calendar/2024").text
    titles = dict(re.findall(r'href="/day/(2024-[\d-]+)" title="([^"]*)"', text))
    assert titles["2024-06-10"] == "nobody knows"
    (day, title), *_ = [one for one in titles.items() if one[1].startswith("1 ")]
    assert title.startswith("1 play, ")
    assert title in client.get(f"/day/{day}").text and title in client.get(f"/diary/{day[:7]}").text
    pages = [
        client.get(address).text for address in ("/calendar/2024", "/", "/clock", "/map", f"/?from={day}&to={day}")
    ]
    assert not [found for page in pages for found in re.findall(r"\b1 (?:plays|minutes|artists|days|months)\b", page)]


def told_of(page: Page, column: str, label: str) -> list[str]:
    """Return what a day tells of each of its plays: in its table, or once for all of them."""
    once = re.search(rf"The same for all: [^.]*?{label}: ([^;.]+)", page.text)
    return [once[1] if once else row[column] for row in page.tables[0].rows]


def test_a_day_shows_every_play_and_why(client: httpx.Client) -> None:
    """Also those that do not count."""
    page = read_page(client.get("/day/2024-01-14?rule=lastfm").text)
    why = told_of(page, "why_lastfm", "Why, under this rule")
    counts = told_of(page, "is_counted", "Counts")
    assert len(page.tables[0].rows) >= 3
    assert all(one.startswith(("yes", "no")) for one in why)
    assert all(one.startswith("yes") for one, is_counted in zip(why, counts, strict=True) if is_counted != "False")


def test_a_day_names_the_rule_of_the_reports_in_words(client: httpx.Client) -> None:
    """What the reports leave out was too short."""
    days = [read_page(client.get(f"/day/2024-01-{day:02}").text) for day in range(10, 20)]
    told = {one for page in days for one in told_of(page, "why_in_reports", "Counts")}
    assert "no: under 30 seconds were heard" in told
    assert "spotify30" not in str(told)


def test_what_is_the_same_for_all_plays_of_a_day_is_told_once(client: httpx.Client) -> None:
    """What differs is a column; a day with one play has all of them."""
    labels = {"why_in_reports": "Counts", "how_known": "How it is known", "time_grade": "Time known"}
    seen = set()
    for day in range(1, 32):
        page = read_page(client.get(f"/day/2024-01-{day:02}").text)
        columns = page.tables[0].rows[0].keys() if page.tables else {}
        for name, label in labels.items():
            values = {row[name] for row in page.tables[0].rows} if name in columns else set()
            is_once = f" {label}: " in page.text.partition("The same for all:")[2].partition(". Local time")[0]
            assert is_once != bool(values)
            assert len(values) != 1 or len(page.tables[0].rows) == 1
            seen.add((name, is_once))
    assert len(seen) == 6


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
