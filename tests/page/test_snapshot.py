"""The pages as a folder of files."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from extract_load.core.errors import BadInput, ConfigurationError
from page.snapshot import MARKER, Written, file_name, rewritten, write_snapshot
from tests.support.pages import read_page


@pytest.fixture(scope="module")
def written(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Return a snapshot of the small file."""
    return write_snapshot(published, tmp_path_factory.mktemp("snapshot") / "pages")


def test_every_link_leads_to_a_file_of_the_folder_or_to_another_site(written: Written) -> None:
    """No link to an address that only the live pages have, and no form."""
    pages = sorted(written.folder.glob("*.html"))
    assert len(pages) > 40
    for path in pages:
        page = read_page(path.read_text(encoding="utf-8"))
        for link in page.links:
            is_outside = urlsplit(link).scheme in {"http", "https"} or link.startswith("#")
            name, _, place = link.partition("#")
            assert is_outside or (written.folder / name).is_file(), (path.name, link)
            assert is_outside or not place or f'id="{place}"' in text_of(written, name), (path.name, link)
        assert "form" not in page.tags
        assert not {"CSV", "SQL", "M3U"} & set(re.findall(r">([A-Z0-9]+)</a>", path.read_text(encoding="utf-8")))
        assert 'aria-label="Ranges"' not in path.read_text(encoding="utf-8"), path.name
        assert not page.wrongly_closed


def text_of(written: Written, name: str) -> str:
    """Return the text of a file of the snapshot."""
    return (written.folder / name).read_text(encoding="utf-8")


def links_to(written: Written, name: str, words: str) -> list[str]:
    """Return where the links of a page with these words lead."""
    return re.findall(rf'<a [^>]*?href="([^"]*)"[^>]*>{words}</a>', text_of(written, name))


def test_what_was_played_on_the_last_birthday_is_two_clicks_away(written: Written) -> None:
    """From the calendar to the day in the diary of its month: each day of the last year that is known."""
    calendars = [text_of(written, f"calendar-{year}.html") for year in (2024, 2025)]
    day = date(2024, 6, 8)
    while day <= date(2025, 6, 7):
        link = f"diary-{day:%Y-%m}.html#d{day}"
        assert f'href="{link}"' in calendars[day.year - 2024]
        day += timedelta(days=1)
    told = text_of(written, "diary-2025-01.html").split('id="d2025-01-07"')[1].split("</tbody>")[0]
    assert "Tuesday, 7 January 2025" in told
    assert " plays, " in told and told.count("<tr>") > 1
    assert 'href="/' not in told


def test_the_last_two_whole_years_are_compared(written: Written) -> None:
    """The menu leads to the year so far, and that to the two that are over."""
    (compare,) = links_to(written, "index.html", "Compare")
    (years,) = links_to(written, compare, "2023 and 2024")
    assert "<h1>2023 and 2024 compared</h1>" in text_of(written, years).replace(' dir="auto"', "")
    assert text_of(written, compare).count("<li><a href") > 10
    assert "the last two months" not in text_of(written, compare)


def test_the_menu_of_a_snapshot_works(written: Written) -> None:
    """From the home page to every section that it has."""
    links = set(read_page((written.folder / "index.html").read_text(encoding="utf-8")).links)
    assert "music-tracker page" in (written.folder / "index.html").read_text(encoding="utf-8")
    assert {"index.html", "top-artists.html", "calendar.html", "map.html", "year-2025.html", "about.html"} <= links
    menu = text_of(written, "index.html").split('<nav aria-label="Pages">')[1].split("</nav>")[0]
    assert menu.count("<a ") == menu.count("<a href=") == 10
    assert "Search" not in menu and "<li></li>" not in menu


def test_a_snapshot_replaces_its_own_folder_and_no_other(published: Path, written: Written, tmp_path: Path) -> None:
    """What else a folder holds is never taken away."""
    (written.folder / "left-over.html").write_text("old", encoding="utf-8")
    again = write_snapshot(published, written.folder, is_shared=True)
    assert not (again.folder / "left-over.html").exists()
    assert [path.name for path in again.folder.parent.iterdir()] == [again.folder.name]
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        write_snapshot(published, tmp_path)
    with pytest.raises(ConfigurationError):
        write_snapshot(published, tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_is_written_without_a_published_file(tmp_path: Path) -> None:
    """And nothing is left behind."""
    with pytest.raises(BadInput):
        write_snapshot(tmp_path / "none.duckdb", tmp_path / "pages")
    assert not list(tmp_path.iterdir())


def test_addresses_have_names_of_their_own() -> None:
    """Readable where they can be; what differs in case or query differs."""
    assert file_name("/") == "index.html"
    assert file_name("/top/artists") == "top-artists.html"
    names = {file_name(f"/country/{name}") for name in ("A", "a", "%C3%A4", "a%2Fb", "a-b")}
    assert len(names) == 5
    assert file_name("/year/2024/card.svg?size=1200x630").endswith(".svg")
    assert MARKER.startswith(".")


def test_links_are_rewritten_and_foreign_ones_kept() -> None:
    """Also where a name holds what looks like one."""
    text = '<a href="/day/1">d</a> <a href="/map?a=1&amp;b=2">m</a> <a href="https://x.example/">x</a><form>f</form>'
    assert rewritten(text, {"/map?a=1&b=2": "map.html"}) == (
        '<a>d</a> <a href="map.html">m</a> <a href="https://x.example/">x</a>'
    )
