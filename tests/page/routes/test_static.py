"""Static files."""

from __future__ import annotations

import hashlib
import struct

import httpx


def test_files_are_kept_by_the_browser_and_have_their_types(client: httpx.Client) -> None:
    """Their address changes with their content."""
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        answer = client.get(f"/static/{name}")
        assert answer.headers["content-type"].startswith(kind)
        assert "immutable" in answer.headers["cache-control"]
    assert client.get("/static/..%2fapp.py").status_code == 404


def test_icons_have_the_size_that_they_claim(client: httpx.Client) -> None:
    """A phone that keeps the page on its home screen reads it from the manifest."""
    manifest = client.get("/static/pages.webmanifest").json()
    claimed = {icon["src"]: icon["sizes"] for icon in manifest["icons"] if icon["type"] == "image/png"}
    assert set(claimed.values()) == {"192x192", "512x512"}
    for name, sizes in claimed.items():
        content = client.get(f"/static/{name}").content
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        width, height = struct.unpack(">II", content[16:24])
        assert f"{width}x{height}" == sizes


def test_a_page_names_the_files_of_its_own_version(client: httpx.Client) -> None:
    """By a hash of their content: an old page in a browser never runs a new script."""
    text = client.get("/").text
    for name in ("page.css", "page.js"):
        version = hashlib.sha256(client.get(f"/static/{name}").content).hexdigest()[:12]
        assert f'/static/{name}?v={version}"' in text
