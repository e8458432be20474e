"""The application: every link of every page, error pages, and a published file that cannot answer."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path

import duckdb
import httpx
import pytest

from page.entities import Kind
from tests.support.page_server import serving
from tests.support.pages import read_page
from tests.support.published_world import HOSTILE_NAMES

MOST_PAGES = 70


def kind_of(link: str) -> str:
    """Return the kind of a link: its path without keys and dates, and the names of its query."""
    path, _, query = link.partition("?")
    parts = path.strip("/").split("/")
    first = parts[0] if parts[0] in {kind.value for kind in Kind} | {"day", "calendar"} else path
    return f"{first} {sorted(part.split('=')[0] for part in query.split('&'))}"


def test_every_kind_of_link_leads_to_a_sound_page(client: httpx.Client) -> None:
    """Well-formed, one h1, no id twice, no style, no handler; names from outside stay text."""
    waiting, seen = ["/"], set()
    while waiting and len(seen) < MOST_PAGES:
        link = waiting.pop(0)
        if kind_of(link) in seen:
            continue
        seen.add(kind_of(link))
        answer = client.get(link, follow_redirects=True)  # /year leads to the latest one
        assert answer.status_code == 200, link
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        page = read_page(answer.text)
        assert page.tags.count("h1") == 1, link
        assert (page.wrongly_closed, page.unclosed) == ([], []), link
        assert sorted(set(page.ids)) == sorted(page.ids), link
        assert not {name for name in page.attributes if name == "style" or name.startswith("on")}, link
        assert page.tags.count("script") == 1, link
        assert not any(found.startswith("javascript:") for found in page.links)
        waiting += [found for found in page.links if found.startswith("/")]
    assert len(seen) > 50


def test_hostile_names_are_text(client: httpx.Client) -> None:
    """Markup, quotes, directions, joiners, 10,000 letters, the signs of templates."""
    text = client.get("/top/artists?rule=any").text
    for name in HOSTILE_NAMES:
        assert escape(name).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in text
    assert "<script>alert" not in text
    assert 'dir="auto"' in text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/top/planets", 404),
        ("/artist/nobody", 404),
        ("/track/" + "x" * 3000, 404),
        ("/country/Atlantis", 404),
        ("/?listener=nobody", 404),
        ("/?from=never", 400),
        ("/?from=2025&to=2024", 400),
        ("/?rule=best", 400),
        ("/day/2024-02-30", 400),
        ("/day/2024", 404),
        ("/calendar/x", 400),
        ("/plays?weekday=8", 400),
        ("/plays?hour=24", 400),
        ("/plays?kind=artist&key=nobody", 404),
        ("/data/nothing.csv", 404),
        ("/data/totals.pdf", 404),
        ("/data/about_artist.csv", 400),
        ("/static/nothing.css", 404),
        ("/search?q=" + "a" * 201, 400),
    ],
)
def test_bad_input_is_a_plain_page(client: httpx.Client, path: str, status: int) -> None:
    """Which says what is wrong, and has a menu."""
    answer = client.get(path)
    assert answer.status_code == status
    assert read_page(answer.text).tags.count("h1") == 1
    assert "Traceback" not in answer.text


def test_a_file_that_cannot_answer_says_what_to_do(published: Path, tmp_path: Path) -> None:
    """Missing, then there, then of another version, then damaged: never a traceback, never a path."""
    path = tmp_path / "music_tracker.duckdb"
    with serving(path) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        answers = [client.get("/")]
        shutil.copy(published, tmp_path / "draft")
        (tmp_path / "draft").replace(path)
        assert client.get("/").status_code == 200
        with duckdb.connect(str(tmp_path / "older")) as connection:
            connection.execute("create schema marts; create table marts.fct_plays (old varchar)")
        (tmp_path / "older").replace(path)
        answers.append(client.get("/"))
        (tmp_path / "rubbish").write_bytes(b"rubbish" * 1000)
        (tmp_path / "rubbish").replace(path)
        answers.append(client.get("/"))
    for answer in answers:
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        assert "music-tracker etl" in answer.text
        assert str(tmp_path) not in answer.text
        assert "Error" not in answer.text


def test_a_failure_shows_no_reason(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says that it failed; the reason is the log's."""

    def fail(*_: object) -> None:
        raise RuntimeError("secret in /a/path")

    monkeypatch.setattr("page.context.PageContext.render", fail)
    with serving(published) as url, httpx.Client(base_url=url, trust_env=False) as client:
        answer = client.get("/about")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "This page failed." in answer.text


def test_pages_are_light(client: httpx.Client) -> None:
    """At most 40 KB for a page and what it needs, as it travels."""
    size = 0
    for path in ("/", "/static/page.css", "/static/page.js", "/static/icon.svg"):
        with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
            size += sum(len(part) for part in answer.iter_raw())
    assert size <= 40_000


def test_planted_markup_is_never_markup(client: httpx.Client) -> None:
    """Every page of every hostile thing: no tag of a name, no second script, nothing that a template computed."""
    links: list[str] = ["/", "/top/tracks?rule=any", "/map", "/finds", "/habits", "/year/2024", "/plays", "/search?q=x"]
    for kind in Kind:
        if kind is not Kind.ALL:
            page = read_page(client.get(f"/top/{kind.plural}?rule=any").text)
            links += [link for link in page.links if link.startswith(f"/{kind.value}/")][:7]
    for link in links:
        text = client.get(link).text
        page = read_page(text)
        assert page.tags.count("script") == 1, link
        assert not {"i", "b"} & set(page.tags), link
        assert "<script>alert" not in text, link
        assert "</title> album" not in text, link
        assert "${49}" not in text, link
    assert len(links) > 25


def test_visitors_see_nothing_of_a_publish(published: Path, tmp_path: Path) -> None:
    """Twenty at once, while the file is replaced again and again: every answer is a whole page."""
    path = tmp_path / "music_tracker.duckdb"
    shutil.copy(published, path)
    asked = ("/", "/top/artists", "/plays?page=2", "/clock", "/map", "/search?q=a", "/data/top_tracks.csv")
    done = threading.Event()
    publishes = 0
    with serving(path) as url, ThreadPoolExecutor(20) as visitors:

        def visit(number: int) -> list[tuple[str, int, bool]]:
            seen = []
            with httpx.Client(base_url=url, trust_env=False, timeout=60) as browser:
                for step in range(4):
                    link = asked[(number + step) % len(asked)]
                    answer = browser.get(link)
                    seen.append((link, answer.status_code, "Home" in answer.text or link.endswith(".csv")))
            return seen

        visits = [visitors.submit(visit, number) for number in range(20)]
        for visit_done in visits:
            visit_done.add_done_callback(lambda _: done.set() if all(one.done() for one in visits) else None)
        while not done.wait(0.25):
            shutil.copy(published, tmp_path / "draft")
            (tmp_path / "draft").replace(path)
            publishes += 1
        answers = [answer for visit_done in visits for answer in visit_done.result()]
    assert len(answers) == 20 * 4
    assert {(status, is_whole) for _, status, is_whole in answers} == {(200, True)}
    assert publishes > 1
