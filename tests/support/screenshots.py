"""Screenshots of the six main pages, of the demo's published file in a real browser: `make screenshots`.

In: data/demo/published. Out: docs/screenshots/*.png, each at most 150 KB.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402 the path comes first

from tests.support.page_server import serving  # noqa: E402

PAGES = {
    "home": "/", "top-artists": "/top/artists", "clock": "/clock", "map": "/map", "taste": "/taste", "review": "/year",
}  # fmt: skip
MOST_BYTES = 150_000


def main() -> None:
    """Write the screenshots."""
    folder = ROOT / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    published = ROOT / "data" / "demo" / "published" / "music_tracker.duckdb"
    if not published.is_file():
        raise SystemExit("There is no demo yet: run `make demo`.")
    with serving(published) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 860, "height": 640}, base_url=url, reduced_motion="reduce")
        for name, address in PAGES.items():
            page.goto(address)
            path = folder / f"{name}.png"
            page.screenshot(path=path)
            if path.stat().st_size > MOST_BYTES:
                raise SystemExit(f"{path.name} is larger than {MOST_BYTES:,} bytes.")
        browser.close()


if __name__ == "__main__":
    main()
