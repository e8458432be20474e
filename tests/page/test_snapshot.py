"""The pages as a folder of files."""

from __future__ import annotations

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
            assert is_outside or (written.folder / link).is_file(), (path.name, link)
        assert "form" not in page.tags
        assert "presets" not in path.read_text(encoding="utf-8"), path.name
        assert not page.wrongly_closed


def test_the_menu_of_a_snapshot_works(written: Written) -> None:
    """From the home page to every section that it has."""
    links = set(read_page((written.folder / "index.html").read_text(encoding="utf-8")).links)
    assert "music-tracker page" in (written.folder / "index.html").read_text(encoding="utf-8")
    assert {"index.html", "top-artists.html", "calendar.html", "map.html", "year-2025.html", "about.html"} <= links


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
