"""The pages as a folder of files, for a disk, a web server or a phone: the same routes and templates, asked in process.

In: a published file. Out: a folder that is complete or not there: it is written beside its place and renamed into it.
Links between pages that are in the folder become relative; those to a day of the last thirteen months lead into the
diary of its month. What needs the live pages (another range, an older day, a CSV) loses its address and stays as text.
A share bundle has aggregates only (`share.py`).
"""

from __future__ import annotations

import asyncio
import html
import re
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette

from extract_load.core.errors import BadInput, ConfigurationError
from page.app import build_app
from page.database import Database
from page.errors import PageError
from page.params import Listener
from page.rendering import static_file, static_names
from page.share import share_pages

MARKER = ".music-tracker-pages"
MONTHS = 6
DIARIES = 13
"""Months of which each day is there: the last birthday is among them on any day."""
ENTITIES = 5
_LINK = re.compile(r' (href|src|data-url|data-sql|action)="([^"]*)"')
_MARKS = re.compile(r'(<td[^>]*?) data-column="[^"]*" data-value="[^"]*"')
_FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)
_RANGE = re.compile(r'<section class="range".*?</section>', re.DOTALL)
_CHOICES = re.compile(r'<ul class="presets"[^>]*>\s*</ul>')
_CHOICE = re.compile(r'<li><a [^>]*?href="(/[^"]*)"[^>]*>[^<]*</a></li>\s*')
_WRITTEN = (
    '<p class="definition">These pages were written once. Other ranges, older days and each play are on the live pages:'
    " <code>music-tracker page</code>.</p>"
)
_TAKE = re.compile(r'<p class="take">(.*?)</p>', re.DOTALL)
_TAKEN = re.compile(r'<a href="/(?:data|take)/[^"]*"[^>]*>[^<]*</a>\s*')
_ANCHOR = re.compile(r'<a [^>]*?href="(/[^"]*)"[^>]*>.*?</a>\s*', re.DOTALL)
_DAYS = re.compile(r'<tbody id="d([0-9-]+)"')
_ENTITY = re.compile(r'href="(/(artist|album|track|genre|country)/[^"?]+)"')


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: how many pages, and bytes in all."""

    folder: Path
    pages: int
    size: int


def write_snapshot(published: Path, folder: Path, *, is_shared: bool = False) -> Written:
    """Write the folder.

    Errors: ConfigurationError when something else is there, BadInput when there is no published file or a page fails.
    """
    _check(folder)
    database = Database(published)
    try:
        with database.cursor() as cursor:
            listeners = cursor.facts.listeners
        pages = share_pages(database) if is_shared else _pages(build_app(database), listeners)
    except PageError as error:
        raise BadInput(error.message, hint=error.hint) from error
    finally:
        database.close()
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        _write(made, pages)
        _replace(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    files = [path for path in folder.rglob("*") if path.is_file()]
    return Written(folder, len(pages), sum(path.stat().st_size for path in files))


def _check(folder: Path) -> None:
    """Raise ConfigurationError for a place that holds what we did not write."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise ConfigurationError("This folder holds other files.", hint="Name one that is empty or not there yet.")
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError("There is a file of this name.", hint="Name a folder.")


def _pages(app: Starlette, listeners: Iterable[Listener]) -> dict[str, str]:
    """Return the text of each page by its address, the home page first."""
    known = next(iter(listeners), None)
    texts = {address: ask(app, address) for address in _addresses(known)}
    for address in _entities(texts):
        texts[address] = ask(app, address)
    return texts


def _addresses(known: Listener | None) -> list[str]:
    """Return the pages that every snapshot has."""
    lists = [f"/top/{plural}" for plural in ("artists", "tracks", "albums", "genres", "countries")]
    views = [
        "/clock",
        "/map",
        "/taste",
        "/finds",
        "/habits",
        "/compare",
        "/why",
        "/merges",
        "/merges/artists",
        "/completeness",
        "/about",
        "/calendar",
    ]
    if known is None:
        return ["/", *lists, *views]
    years = range(known.last_day.year, known.first_day.year - 1, -1)
    months = [f"/month/{one}" for one in _last_months(known, MONTHS)]
    diaries = [f"/diary/{one}" for one in _last_months(known, DIARIES)]
    reviews = [f"/year/{one}" for one in years]
    cards = [f"{one}/card.svg?size={size}" for one in (*reviews, *months) for size in ("1080x1350", "1200x630")]
    calendars = [f"/calendar/{one}" for one in years]
    return ["/", *lists, *views, *_two_years(known), *reviews, *months, *cards, *calendars, *diaries]


def _last_months(known: Listener, most: int) -> list[str]:
    """Return the last months of which anything is known, the newest first."""
    first, last = (12 * day.year + day.month - 1 for day in (known.first_day, known.last_day))
    return [f"{month // 12}-{month % 12 + 1:02}" for month in range(last, max(first, last - most + 1) - 1, -1)]


def _two_years(known: Listener) -> list[str]:
    """Return the comparison of the last two years that are over, where there are two."""
    year = (known.last_day + timedelta(days=1)).year - 1
    return [f"/compare?a={year - 1}&b={year}"] if year - 1 >= known.first_day.year else []


def _entities(texts: dict[str, str]) -> list[str]:
    """Return the things that most pages lead to: the first few of each kind."""
    found: dict[str, dict[str, None]] = {}
    for address in ("/", *(one for one in texts if one.startswith("/top/"))):
        for link, kind in _ENTITY.findall(texts[address]):
            found.setdefault(kind, {})[html.unescape(link)] = None
    return [link for links in found.values() for link in list(links)[:ENTITIES]]


def ask(app: Starlette, address: str) -> str:
    """Return the text of one page. Errors: BadInput when it is no page."""
    status, body = asyncio.run(_ask(app, address))
    if status != 200:
        raise BadInput(f"The page {urlsplit(address).path} answers {status}.", hint="`music-tracker page` says more.")
    return body.decode("utf-8")


async def _ask(app: Starlette, address: str) -> tuple[int, bytes]:
    """Ask the application itself, without a server: one request, one answer."""
    parts = urlsplit(address)
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": unquote(parts.path),
        "raw_path": parts.path.encode(), "query_string": parts.query.encode(), "root_path": "",
        "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 0), "server": ("localhost", 80),
    }  # fmt: skip
    status, body = 500, b""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        nonlocal status, body
        if message["type"] == "http.response.start":
            status = int(str(message["status"]))
        elif message["type"] == "http.response.body":
            part = message.get("body", b"")
            body += part if isinstance(part, bytes) else b""

    await app(scope, receive, send)  # type: ignore[arg-type]
    return status, body


def file_name(address: str) -> str:
    """Return the name of the file of an address: readable, and its own for each address."""
    if address == "/":
        return "index.html"
    parts = urlsplit(address)
    ending = ".svg" if parts.path.endswith(".svg") else ".html"
    plain = re.sub(r"[^a-z0-9]+", "-", address.lower().removesuffix(".svg")).strip("-")[:60]
    is_exact = re.fullmatch(r"[a-z0-9/-]+", address) is not None
    return plain + ("" if is_exact else "-" + sha256(address.encode()).hexdigest()[:8]) + ending


def rewritten(text: str, known: dict[str, str]) -> str:
    """Return a page whose links lead to the files of the folder; the others lose their address."""

    def link(found: re.Match[str]) -> str:
        name, address = found[1], html.unescape(found[2])
        if not address.startswith("/"):
            return found[0]
        if address.startswith("/static/"):
            return f' {name}="{address[1:].partition("?")[0]}"'
        return f' {name}="{known[address]}"' if address in known else ""

    def alive(found: re.Match[str]) -> str:
        return found[0] if html.unescape(found[1]) in known else ""

    def takes(found: re.Match[str]) -> str:
        kept = _ANCHOR.sub(alive, found[1])
        return f'<p class="take">{kept}</p>' if "<a " in kept else ""

    for pattern, written in ((_RANGE, _WRITTEN), (_FORM, ""), (_TAKEN, ""), (_MARKS, r"\1")):
        text = pattern.sub(written, text)
    return _LINK.sub(link, _TAKE.sub(takes, _CHOICES.sub("", _CHOICE.sub(alive, text))))


def _write(made: Path, pages: dict[str, str]) -> None:
    """Write the pages and the static files."""
    known = {address: file_name(address) for address in pages}
    years = [address for address in pages if address.startswith("/year/") and "card.svg" not in address]
    if years:
        known["/year"] = file_name(years[0])
    known |= {f"/day/{day}": f"{known[diary]}#d{day}" for diary in pages if diary.startswith("/diary/")
              for day in _DAYS.findall(pages[diary])}  # fmt: skip
    for address, text in pages.items():
        is_page = not known[address].endswith(".svg")
        (made / known[address]).write_text(rewritten(text, known) if is_page else text, encoding="utf-8")
    (made / "static").mkdir()
    for name in static_names():
        (made / "static" / name).write_bytes(static_file(name) or b"")
    (made / MARKER).write_text("Written by music-tracker; a new snapshot replaces this folder.\n", encoding="utf-8")
    made.chmod(0o755)


def _replace(made: Path, folder: Path) -> None:
    """Put the new folder in its place; the old one goes only when the new one is complete."""
    if not folder.exists():
        made.rename(folder)
        return
    old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-old-"))
    folder.rename(old / "pages")
    made.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
