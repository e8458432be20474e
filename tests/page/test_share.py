"""The share bundle (feature 10: a public read-only link): aggregates only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from page.share import merged
from page.snapshot import Written, write_snapshot
from tests.support.pages import read_page

FORBIDDEN = (
    "started_at", "ended_at", "session", "platform", "device", "country_code", "play_key", "listener", "ip_addr",
    "incognito", "/day/", "/plays", "/data/", "exclu", "sleep",
)  # fmt: skip


@pytest.fixture(scope="module")
def shared(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Return the share bundle of the small file."""
    return write_snapshot(published, tmp_path_factory.mktemp("share") / "pages", is_shared=True)


def test_no_forbidden_column_and_no_time_of_day_is_in_it(shared: Written) -> None:
    """In none of its files."""
    for path in shared.folder.glob("*.html"):
        text = path.read_text(encoding="utf-8").replace("width=device-width", "")
        assert [word for word in FORBIDDEN if word in text] == []
        assert not re.search(r"\b[0-2]?\d:[0-5]\d\b", read_page(text).text)


def test_no_cell_has_fewer_than_five_plays(shared: Written) -> None:
    """Whatever the table, and each year has its page."""
    pages = sorted(path.name for path in shared.folder.glob("*.html"))
    assert pages == ["index.html", "year-2023.html", "year-2024.html", "year-2025.html"]
    for name in pages:
        rows = re.findall(r"<tr><td>.*?</td><td class=\"n\">([\d,.]+)</td>", (shared.folder / name).read_text("utf-8"))
        assert rows
        assert min(float(row.replace(",", "")) for row in rows) >= 5


def test_small_cells_are_added_up() -> None:
    """In one line, which is left out when it is small itself."""
    rows = [(str(plays), {"plays": plays, "minutes": plays}) for plays in (9, 4, 3, 1)]
    assert merged(rows) == [("9", "9", "9"), ("all others", "8", "8")]
    assert merged(rows[:2]) == [("9", "9", "9")]
    assert merged([("a", {"plays": 9, "minutes": 0.2}), ("b", {"plays": 8, "minutes": 1})], 1)[1][0] == "all others"
