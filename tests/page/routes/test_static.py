"""Static files."""

from __future__ import annotations

import httpx


def test_files_are_kept_by_the_browser_and_have_their_types(client: httpx.Client) -> None:
    """Their address changes with their content."""
    for name, kind in (("page.css", "text/css"), ("page.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        answer = client.get(f"/static/{name}")
        assert answer.headers["content-type"].startswith(kind)
        assert "immutable" in answer.headers["cache-control"]
    assert client.get("/static/..%2fapp.py").status_code == 404
