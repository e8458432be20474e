"""Prefect's own pages in a real browser, at a server as `music-tracker serve` starts it: the password opens them.

Nothing is shown before, nor with a wrong password; with the right one a run is found and looked at.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from orchestrate.server.api import _free_port, answers
from orchestrate.server.credentials import SERVER_VARIABLE, new_password
from tests.support import prefect_api

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed; .ci/run installs it"),
]
ROOT = Path(__file__).parents[3]
RUN = "daily-etl 2026-11-28 05:00"
SECONDS = 120


@pytest.fixture(scope="module")
def word() -> str:
    """Return the password of the server."""
    return new_password()


@pytest.fixture(scope="module")
def pages(word: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of the pages, beside an API that knows one run."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    home = tmp_path_factory.mktemp("prefect")
    said = home / "server.log"
    with (
        said.open("wb") as words,
        subprocess.Popen(
            [sys.executable, "-m", "orchestrate.server.process", "own", str(port)],
            env={**os.environ, "PREFECT_HOME": str(home), SERVER_VARIABLE: word},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=words,
            stderr=words,
        ) as server,
    ):
        deadline = time.monotonic() + 2 * SECONDS
        while not answers(f"{url}/api"):
            assert server.poll() is None and time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)
        flow = made(url, word, "flows", name="daily-etl")
        made(url, word, "flow_runs", name=RUN, flow_id=flow["id"], state={"type": "RUNNING", "name": "Running"})
        yield url
        assert server.stdin is not None
        server.stdin.close()
        server.wait(60)


def made(url: str, word: str, kind: str, **fields: Any) -> dict[str, Any]:
    """Create something on the server, and return it; its SQLite refuses what comes while it writes for itself."""
    deadline = time.monotonic() + SECONDS
    while (answer := prefect_api.post(f"{url}/api/{kind}/", word=word, json=fields)).status_code == 503:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def page() -> Iterator[Page]:
    """Yield a page of a browser that knows no password."""
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])) as browser,
    ):
        opened = browser.new_page()
        opened.set_default_timeout(SECONDS * 1000)
        yield opened


def sign_in(page: Page, word: str) -> None:
    """Type the password where the page asks for it."""
    page.locator("input[type=password]").fill(word)
    page.keyboard.press("Enter")


def test_the_pages_open_with_the_password_alone(pages: str, page: Page, word: str) -> None:
    """The login page first, also after a wrong word; then the runs, and one run's page."""
    expect.set_options(timeout=SECONDS * 1000)
    page.goto(pages)
    sign_in(page, "music-tracker:wrong")
    expect(page.get_by_text("Invalid credentials")).to_be_visible()
    assert RUN not in page.inner_text("body")
    sign_in(page, word)
    page.get_by_role("link", name="Runs", exact=True).first.click()
    page.get_by_role("link", name=RUN).first.click()
    expect(page.get_by_text("Running").first).to_be_visible()
    expect(page.get_by_text("Subflow Runs").first).to_be_visible()
