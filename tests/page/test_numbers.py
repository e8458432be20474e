"""Every number that a page shows is what its SQL gives, run on the published file without the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from page.formats import machine
from tests.support.pages import Table, read_page

HALF = "?from=2024&to=2024-09&rule=any&by=minutes"
PAGES = (
    "/",
    f"/{HALF}",
    "/?listener=other",
    "/top/artists?from=2024-08&to=2024-12",
    "/top/tracks?page=2&rule=any",
    f"/top/albums{HALF}",
    "/top/genres?rule=lastfm",
    "/top/countries?by=minutes",
    "/calendar/2024",
    "/day/2024-01-14",
    "/diary/2024-01",
    "/diary/2024-02?by=minutes&rule=any",
    "/plays?from=2024&to=2024&page=3",
    "/search?q=quoted",
    f"/completeness{HALF}",
    "/merges",
    "/merges/artists",
    "/about",
    "/clock",
    f"/clock{HALF}&season=summer",
    f"/map{HALF}",
    "/map",
    f"/taste{HALF}",
    "/finds",
    "/habits?rule=lastfm",
    f"/habits{HALF}",
    "/compare?a=2024&b=2025",
    "/compare?a=2024-W09&b=2024-02-01..2024-03-09&by=minutes",
    "/why?year=2024",
    "/year/2024",
    "/month/2024-02?rule=any",
    "/week/2024-W07?by=minutes",
)
THINGS = ("artist", "album", "track", "genre", "country")


@pytest.fixture(scope="module")
def bare(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a plain connection on the file, as the duckdb command line has it."""
    with duckdb.connect(str(published), read_only=True) as connection:
        yield connection


def rows_of(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, str]]:
    """Return the rows of a query as a page marks them."""
    found = connection.execute(sql)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, map(machine, row), strict=True)) for row in found.fetchall()]


def is_in_order(shown: list[dict[str, str]], rows: list[dict[str, str]]) -> bool:
    """Return whether all rows that are shown are among the rows of the query, in its order."""
    left = iter(rows)
    return all(any(one.items() <= row.items() for row in left) for one in shown)


def sql_at(client: httpx.Client, address: str) -> str:
    """Return the SQL that a page links to."""
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.text


def check(client: httpx.Client, bare: duckdb.DuckDBPyConnection, address: str) -> int:
    """Compare all that a page marks; return how many values that were."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    page = read_page(answer.text)
    for table in page.tables:
        assert is_in_order(table.rows, rows_of(bare, sql_at(client, table.sql))), (address, table.sql)
    sqls = {link.split("/data/")[1].split(".sql")[0]: link for link in page.links if ".sql" in link}
    for query, column, value in page.numbers:
        assert rows_of(bare, sql_at(client, sqls[query]))[0][column] == value, (address, query, column)
    return len(page.numbers) + sum(len(row) for table in page.tables for row in table.rows)


@pytest.mark.parametrize("address", PAGES)
def test_numbers_equal_their_sql(client: httpx.Client, bare: duckdb.DuckDBPyConnection, address: str) -> None:
    """Tables row by row and the numbers above them, under each rule, measure, range and listener."""
    assert check(client, bare, address) > 0


@pytest.mark.parametrize("kind", THINGS)
def test_numbers_of_things_equal_their_sql(client: httpx.Client, bare: duckdb.DuckDBPyConnection, kind: str) -> None:
    """The page of the first thing of each top list."""
    plural = {"country": "countries"}.get(kind, f"{kind}s")
    page = read_page(client.get(f"/top/{plural}").text)
    first = next(link for link in page.links if link.startswith(f"/{kind}/"))
    assert check(client, bare, first) > 20


def test_a_wrong_number_is_found(bare: duckdb.DuckDBPyConnection) -> None:
    """Another value, and rows in another order."""
    rows = rows_of(bare, "select i, i * 2 as twice from range(3) as numbers (i)")
    shown: list[dict[str, Any]] = [{"i": "0", "twice": "0"}, {"i": "2", "twice": "4"}]
    assert is_in_order(shown, rows)
    assert not is_in_order([{"i": "1", "twice": "3"}], rows)
    assert not is_in_order(shown[::-1], rows)
    assert Table("", shown).rows == shown
