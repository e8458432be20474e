"""The clock (feature 15: hour by weekday)."""

from __future__ import annotations

import httpx

from tests.support.pages import read_page


def test_every_hour_of_every_weekday_stands_there(client: httpx.Client) -> None:
    """Seven by 24, and each leads to its plays, whose number it tells."""
    page = read_page(client.get("/clock").text)
    rows = page.tables[0].rows
    assert len(rows) == 168
    most = max(rows, key=lambda row: float(row["plays"] or 0))
    weekday = 1 + rows.index(most) // 24
    behind = read_page(client.get(f"/plays?weekday={weekday}&hour={most['hour']}").text)
    assert f"of {most['plays']}" in behind.text


def test_hours_that_nobody_knows_are_unknown(client: httpx.Client) -> None:
    """May to July of 2024 are not covered at all: hatched, never zero."""
    answer = client.get("/clock?from=2024-05-01&to=2024-07-31")
    assert {row["plays"] for row in read_page(answer.text).tables[0].rows} == {""}
    assert answer.text.count('class="cell unknown"') == 168


def test_filters_narrow_the_clock(client: httpx.Client) -> None:
    """By season and by thing; what is none is refused."""
    whole = read_page(client.get("/clock").text).tables[0].rows
    winter = read_page(client.get("/clock?season=winter").text).tables[0].rows
    assert 0 < sum(int(row["plays"] or 0) for row in winter) < sum(int(row["plays"] or 0) for row in whole)
    assert client.get("/clock?season=monsoon").status_code == 400
    assert client.get("/clock?kind=artist&key=nobody").status_code == 404
