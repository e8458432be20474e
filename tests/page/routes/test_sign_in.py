"""The sign-in, where no token is set; with one it is tested in `tests/page/test_security.py`."""

from __future__ import annotations

import httpx


def test_without_a_token_it_leads_to_the_pages(client: httpx.Client) -> None:
    """There is nothing to sign in to."""
    answer = client.get("/sign-in")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.post("/sign-in", data={"token": "x"}).headers["location"] == "/"
