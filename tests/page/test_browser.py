"""The pages in a real browser: Debian's Chromium, one server and one browser for all of it.

Each kind of page at three widths, light and dark, with the script on and off: nothing on the console, no violation of
the policy, no request to another host, nothing that is wider than the window. axe judges each; a chart is walked by
keys.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, sync_playwright

from page.entities import Kind
from tests.support.pages import read_page

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed; .ci/run installs it")

MAIN = ("/", "/top/artists", "/map", "/clock", "/year/2024", "/habits")
OTHERS = (
    "/top/tracks?page=2", "/top/genres?by=minutes", "/calendar/2024", "/day/2024-01-14", "/taste", "/finds",
    "/diary/2024-01", "/month/2024-02", "/week/2024-W07", "/compare?a=2024&b=2025", "/plays?from=2024",
    "/search?q=album", "/why", "/merges", "/completeness", "/about", "/nowhere", "/?from=soon",
    "/?from=2024-05-01&to=2024-07-31",
)  # fmt: skip
AXE = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
REFUSED = ("/nowhere", "/?from=soon")


@dataclass
class Watched:
    """A page with all that went wrong on it."""

    page: Page
    wrong: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield one browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser, url: str, **options: Any) -> Iterator[Watched]:
    """Yield a page that collects console errors, failures and requests to other hosts."""
    context = browser.new_context(base_url=url, **options)
    page = context.new_page()
    found = Watched(page)

    def check(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and parts.netloc != urlsplit(url).netloc:
            found.wrong.append(f"request to {request.url}")

    def said(message: Any) -> None:
        is_refused = "Failed to load resource" in message.text and any(one in page.url for one in REFUSED)
        if message.type in {"error", "warning"} and not is_refused:
            found.wrong.append(f"console: {message.text}")

    page.on("console", said)
    page.on("pageerror", lambda error: found.wrong.append(f"error: {error}"))
    page.on("request", check)
    try:
        yield found
    finally:
        context.close()


def is_too_wide(page: Page) -> bool:
    """Return whether the page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"))


def test_main_pages_fit_each_window(browser: Browser, pages_url: str) -> None:
    """At three widths in both themes, with hostile names, one of them of 10,000 letters (features 23 and 24)."""
    with watched(browser, pages_url) as found:
        for address in MAIN:
            found.page.goto(address)
            for width in (320, 768, 1280):
                found.page.set_viewport_size({"width": width, "height": 900})
                assert not is_too_wide(found.page), (address, width)
            found.page.emulate_media(color_scheme="dark")
            paper = found.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
            assert paper == "rgb(27, 29, 33)", "dark grey, not black"
            found.page.emulate_media(color_scheme="light")
        assert found.wrong == []


@pytest.mark.long
def test_every_page_is_quiet_and_fits_a_phone(browser: Browser, pages_url: str) -> None:
    """0 console errors, 0 policy violations, 0 requests to other hosts."""
    with watched(browser, pages_url, viewport={"width": 320, "height": 700}) as found:
        for address in OTHERS:
            found.page.goto(address)
            assert not is_too_wide(found.page), address
        assert found.wrong == []


def findings(page: Page, rules: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what axe finds: the rule and the first element."""
    violations = Axe().run(page, options=rules).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:300]) for one in violations]


def test_axe_finds_nothing(browser: Browser, pages_url: str) -> None:
    """WCAG 2.2 AA and best practice; in the dark theme its contrasts. axe needs the policy out of its way."""
    with watched(browser, pages_url, bypass_csp=True) as found:
        for address in ("/map", "/clock", "/top/artists"):
            found.page.emulate_media(color_scheme="light")
            found.page.goto(address)
            assert findings(found.page, AXE) == [], address
            found.page.emulate_media(color_scheme="dark")
            assert findings(found.page, {"runOnly": ["cat.color"]}) == [], address


@pytest.mark.long
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(browser: Browser, pages_url: str, theme: Any) -> None:
    """Every kind of page, those of things among them, in both themes."""
    with watched(browser, pages_url, color_scheme=theme, bypass_csp=True) as found:
        for address in (*MAIN, *OTHERS):
            found.page.goto(address)
            assert findings(found.page, AXE) == [], address
        for kind in (kind for kind in Kind if kind is not Kind.ALL):
            found.page.goto(f"/top/{kind.plural}")
            found.page.goto(found.page.locator(f'tbody a[href^="/{kind.value}/"]').first.get_attribute("href") or "")
            assert findings(found.page, AXE) == [], kind


def test_without_a_script_every_kind_of_link_leads_somewhere(browser: Browser, pages_url: str) -> None:
    """The first link of each kind on each main page, followed with the script off."""
    with watched(browser, pages_url, java_script_enabled=False) as found:
        kinds: dict[str, str] = {}
        for address in MAIN:
            found.page.goto(address)
            for target in read_page(found.page.content()).links:
                if target.startswith("/"):
                    kinds.setdefault(target.split("?")[0].split("/")[1], target)
        assert {"", "top", "artist", "track", "album", "genre", "country", "calendar", "clock", "map", "taste"} <= set(
            kinds
        )
        for target in kinds.values():
            assert found.page.request.get(target).status == 200, target
        assert found.wrong == []


def test_a_chart_is_walked_by_keys(browser: Browser, pages_url: str) -> None:
    """Tab reaches it, the arrows move, the value is said, Enter opens the plays (feature 13)."""
    with watched(browser, pages_url) as found:
        page = found.page
        page.goto("/clock")
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.matches('svg.chart')"):
                break
        reading = page.locator(".reading").first
        page.keyboard.press("ArrowRight")
        assert (reading.text_content() or "").startswith("Monday, 0:00")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        assert (reading.text_content() or "").startswith("Tuesday, 1:00")
        assert reading.get_attribute("role") == "status"
        page.keyboard.press("Enter")
        page.wait_for_url("**/plays?**weekday=2&hour=1")
        assert found.wrong == []


def test_a_card_is_saved_as_png_and_the_theme_stays(browser: Browser, pages_url: str) -> None:
    """The browser draws the server's SVG; the switch is remembered from page to page."""
    with watched(browser, pages_url) as found:
        page = found.page
        page.goto("/year/2024")
        with page.expect_download() as download:
            page.get_by_role("button", name="Save as PNG").first.click()
        content = Path(download.value.path()).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (1080, 1350)
        page.get_by_role("button", name="Theme: auto").click()
        page.goto("/map")
        assert page.locator("html").get_attribute("data-theme") == "light"
        assert found.wrong == []


@pytest.mark.parametrize(
    "text", ["a" * 5_000, "<script>alert(1)</script>" * 200, "\u202e'\"&%00" * 500], ids=["letters", "script", "signs"]
)
@pytest.mark.parametrize(("form", "status"), [("/search?q", 200), ("/compare?a", 400)])
def test_forms_take_long_texts(browser: Browser, pages_url: str, form: str, status: int, text: str) -> None:
    """A search takes what it can, a comparison says what it asks for; both fit a phone, and nothing runs."""
    address, name = form.split("?")
    with watched(browser, pages_url, viewport={"width": 320, "height": 700}) as found:
        found.page.goto(address)
        found.page.fill(f"main input[name={name}]", text)
        with found.page.expect_navigation() as answered:
            found.page.press(f"main input[name={name}]", "Enter")
        assert answered.value.status in {status, 414}
        assert found.page.locator("h1").count() == 1
        assert not is_too_wide(found.page)
        assert [line for line in found.wrong if "Failed to load resource" not in line] == []
