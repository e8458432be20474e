"""Taste (features 6, 19 and 20: genres over time, new against familiar, decades)."""

from __future__ import annotations

import re

import httpx

from page.routes.taste import bucket_of
from tests.support.pages import read_page


def test_the_shares_of_each_month_are_one_whole(client: httpx.Client) -> None:
    """Never above 100 %, whatever genres share a play."""
    rows = read_page(client.get("/taste").text).tables[0].rows
    whole: dict[str, float] = {}
    for row in rows:
        whole[row["period_start"]] = whole.get(row["period_start"], 0.0) + float(row["share_pct"])
    assert len(whole) > 10
    assert all(abs(value - 100) < 0.1 for value in whole.values())


def test_drift_breadth_and_what_is_new_are_drawn(client: httpx.Client) -> None:
    """Each with a mark for each row of its table; the groups of a month are its plays."""
    text = client.get("/taste").text
    assert text.count("<svg class=") - text.count('<svg class="bar"') == 4
    page = read_page(text)
    for name in ("taste_drift", "taste_breadth"):
        [table] = [table for table in page.tables if name in table.sql]
        [chart] = re.findall(rf'aria-labelledby="{name}-t.*?</svg>', text, re.DOTALL)
        assert chart.count('class="mark"') == len(table.rows) > 10
    [familiar] = re.findall(r'aria-labelledby="familiar-t.*?</svg>', text, re.DOTALL)
    assert "familiar: " in familiar
    assert "10,000" not in familiar


def test_decades_have_every_play_of_the_range(client: httpx.Client) -> None:
    """The unknown one last."""
    page = read_page(client.get("/taste?rule=any").text)
    decades = next(table for table in page.tables if "decades" in table.sql)
    assert decades.rows[-1]["decade"] == "unknown"
    home = read_page(client.get("/?rule=any").text)
    plays = next(value for query, column, value in home.numbers if (query, column) == ("totals", "plays"))
    assert sum(int(row["plays"]) for row in decades.rows) == int(plays)


def test_long_ranges_have_longer_columns() -> None:
    """At most about 60 columns."""
    assert [bucket_of(days) for days in (30, 5 * 366, 5 * 366 + 1, 60 * 366)] == ["month", "month", "quarter", "year"]
