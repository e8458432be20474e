"""Headers, methods, hosts, other sites, and the sign-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from page.security import COOKIE, HEADERS, is_token, signature
from tests.support.page_server import serving

TOKEN = "a long random text"


@pytest.fixture(scope="module")
def guarded(published: Path) -> Iterator[httpx.Client]:
    """Yield a client of pages that ask for a token."""
    with serving(published, TOKEN) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/nothing", "/static/page.css", "/top/artists?from=x", "/data/totals.csv"])
def test_every_answer_has_the_headers(client: httpx.Client, path: str) -> None:
    """Pages, errors, files and data."""
    headers = client.get(path).headers
    assert {name: headers.get(name) for name in HEADERS} == HEADERS
    assert "server" not in headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_nothing_but_reading(client: httpx.Client, method: str) -> None:
    """HEAD is reading, too."""
    answer = client.request(method, "/")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert client.head("/").status_code == 200
    assert client.head("/").content == b""


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.", "10.0.0.1:8765"])
def test_other_hosts_are_refused(client: httpx.Client, host: str) -> None:
    """A name that was bound to this address afterwards (DNS rebinding) reads nothing."""
    assert client.get("/", headers={"host": host}).status_code == 400


def test_pages_of_other_sites_are_refused(client: httpx.Client) -> None:
    """They can neither read nor post."""
    assert client.get("/", headers={"origin": "https://evil.example"}).status_code == 403
    assert client.get("/", headers={"origin": "null"}).status_code == 403
    own = f"http://{client.base_url.netloc.decode()}"
    assert client.get("/", headers={"origin": own}).status_code == 200


def test_a_long_address_is_refused(client: httpx.Client) -> None:
    """10,000 letters of search, before anything parses them."""
    assert client.get("/search", params={"q": "a" * 10_000}).status_code == 414


def test_without_the_token_there_is_only_the_sign_in(guarded: httpx.Client) -> None:
    """And its style sheet; a wrong token or a made-up cookie opens nothing."""
    guarded.cookies.clear()
    for path in ("/", "/plays", "/data/totals.csv", "/nothing"):
        answer = guarded.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert guarded.get("/sign-in").status_code == 200
    assert guarded.get("/static/page.css").status_code == 200
    assert guarded.post("/sign-in", data={"token": "wrong"}).status_code == 403
    assert guarded.get("/", headers={"cookie": f"{COOKIE}={'0' * 64}"}).status_code == 303
    assert guarded.get("/", headers={"cookie": f"{COOKIE}=\u00fc".encode("latin-1")}).status_code == 303


def test_the_token_signs_in(guarded: httpx.Client) -> None:
    """By a cookie that no script reads and no other site sends, and that does not hold the token."""
    answer = guarded.post("/sign-in", data={"token": TOKEN})
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 303
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and TOKEN not in cookie
    assert guarded.get("/").status_code == 200
    guarded.cookies.clear()
    evil = {"origin": "https://evil.example"}
    assert guarded.post("/sign-in", data={"token": TOKEN}, headers=evil).status_code == 403
    assert guarded.post("/sign-in", content=b"token=" + b"x" * 100_000).status_code == 413


def test_tokens_are_compared_whole() -> None:
    """No part of one is one."""
    assert is_token(TOKEN, TOKEN)
    assert not is_token(TOKEN[:-1], TOKEN)
    assert not is_token("", TOKEN)
    assert signature(TOKEN) != signature(TOKEN + " ")
