"""What a route is handed."""

from __future__ import annotations

import httpx
import pytest

from page.context import Paging


@pytest.mark.parametrize(
    ("number", "total", "expected"),
    [(1, 0, (1, 0, 0)), (1, 50, (1, 1, 50)), (2, 51, (2, 51, 51)), (9, 51, (2, 51, 51))],
)
def test_paging(number: int, total: int, expected: tuple[int, int, int]) -> None:
    """Pages, first and last row; a page after the last one has no rows."""
    found = Paging(number, total)
    assert (found.pages, found.first, found.last) == expected


@pytest.mark.parametrize(
    ("number", "label"),
    [
        (1, "1 to 50 of 101"),
        (3, "101 to 101 of 101, and what has no rank"),
        (2, "51 to 100 of 101"),
    ],
)
def test_what_has_no_rank_is_not_counted(number: int, label: str) -> None:
    """It stands after the last rank; a page that begins after that holds nothing else."""
    assert Paging(number, 102, without_rank=1).label == label
    assert Paging(3, 102, without_rank=2).label == "What has no rank"


@pytest.mark.parametrize("page", ["0", "2", "20000"])
def test_page_numbers(client: httpx.Client, page: str) -> None:
    """Any page of a list is answered, a page after the last one without rows."""
    assert client.get("/top/artists", params={"page": page}).status_code == 200


@pytest.mark.parametrize("page", ["-1", "x", "9" * 4000, "1.5", "20001"])
def test_page_numbers_that_are_none(client: httpx.Client, page: str) -> None:
    """A number too long to parse is a bad request, not a failure."""
    assert client.get("/top/artists", params={"page": page}).status_code == 400
