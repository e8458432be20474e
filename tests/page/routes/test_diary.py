"""The diary of a month."""

from __future__ import annotations

import httpx
import pytest

from tests.support.pages import read_page


def test_each_day_has_its_tracks_and_numbers(client: httpx.Client) -> None:
    """The sums of the lines are what the day has; the name of the day leads to its page."""
    text = client.get("/diary/2024-01").text
    page = read_page(text)
    assert len([one for one in page.ids if one.startswith("d2024-01-")]) == 31
    told = text.split('id="d2024-01-16"')[1].split("</tbody>")[0]
    day = client.get("/day/2024-01-16").text
    assert "Tuesday, 16 January 2024" in told
    assert (words := told.split('class="note">')[1].split("<")[0].split(";")[0]) and words in day
    rows = read_page(told.join(("<table data-sql='x'><tbody ", "</table>"))).tables[0].rows
    assert sum(int(row["plays"]) for row in rows) == int(words.split()[0])
    assert "/day/2024-01-16" in page.links


def test_what_nobody_knows_is_not_silence(client: httpx.Client) -> None:
    """June 2024 is not covered; March 2024 is, and nothing was heard."""
    assert client.get("/diary/2024-06").text.count("nobody knows what was heard") == 30
    assert client.get("/diary/2024-03").text.count("nothing was heard") == 31


def test_it_has_only_days_of_which_anything_is_known(client: httpx.Client) -> None:
    """The last month ends with the last day; there is none before the first or after the last."""
    last = read_page(client.get("/diary/2025-06?rule=any").text)
    assert [one for one in last.ids if one.startswith("d2025")] == [f"d2025-06-0{day}" for day in range(1, 8)]
    assert any(link == "/diary/2025-05?rule=any" for link in last.links)
    assert not any("/diary/2025-07" in link for link in last.links)
    first = read_page(client.get("/diary/2023-11").text).links
    assert "/diary/2023-12" in first and "/diary/2023-10" not in first


def test_pages_around_lead_to_it(client: httpx.Client) -> None:
    """The calendar, the review of the month and a day; none to a month of which nothing is known."""
    for address in ("/calendar/2025", "/month/2025-02", "/day/2025-02-03"):
        assert "/diary/2025-02" in read_page(client.get(address).text).links, address
    assert not [link for link in read_page(client.get("/calendar/2025").text).links if "/diary/2025-07" in link]
    assert "/diary/" not in client.get("/month/2025-08").text


@pytest.mark.parametrize(("month", "status"), [("2024", 404), ("2024-13", 400), ("2010-01", 404), ("x", 400)])
def test_what_is_no_month_with_days_is_refused(client: httpx.Client, month: str, status: int) -> None:
    """With a plain page."""
    assert client.get(f"/diary/{month}").status_code == status
