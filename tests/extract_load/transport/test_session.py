"""A session: no credentials from the machine, loopback by no proxy, and a redirect goes by the proxy of its address."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.transport.session import EnvironmentSession


class Recorder(ThreadingHTTPServer):
    """A server that keeps what it was asked for, as itself and as a proxy."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Recorder

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        leads_back = self.path.endswith("/to-loopback")
        self.send_response(302 if leads_back else 200)
        if leads_back:
            self.send_header("Location", f"{self.server.url}/back")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[Recorder]:
    """Yield a running recorder."""
    with Recorder() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _netrc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let the machine have a `.netrc` with an entry for everybody, and neither proxies nor certificates."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login somebody password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    for scheme in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{scheme}_proxy", raising=False)
        monkeypatch.delenv(f"{scheme.upper()}_PROXY", raising=False)


def test_a_netrc_adds_no_credentials(server: Recorder) -> None:
    """Also after a redirect; those that the caller gives are sent."""
    with EnvironmentSession() as session:
        session.get(f"{server.url}/to-loopback", timeout=5)
        session.get(f"{server.url}/mine", auth=("me", "word"), timeout=5)
    assert server.asked == [("/to-loopback", None), ("/back", None), ("/mine", "Basic bWU6d29yZA==")]


def test_loopback_is_asked_directly(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """With HTTP_PROXY and without NO_PROXY; other hosts go by the proxy, and a redirect from there comes back."""
    monkeypatch.setenv("HTTP_PROXY", server.url)
    with EnvironmentSession() as session:
        session.get(f"{server.url}/direct", timeout=5)
        session.get("http://music.example.org/far", timeout=5)
        session.get("http://music.example.org/to-loopback", timeout=5)
    paths = [path for path, _ in server.asked]
    assert paths == ["/direct", "http://music.example.org/far", "http://music.example.org/to-loopback", "/back"]


def test_an_unusable_proxy_and_missing_certificates_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Before anything is sent."""
    with EnvironmentSession() as session:
        monkeypatch.setenv("HTTP_PROXY", "gopher://nobody")
        with pytest.raises(ConfigurationError, match="HTTP_PROXY"):
            session.get("http://music.example.org", timeout=5)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
        with pytest.raises(ConfigurationError, match="REQUESTS_CA_BUNDLE leads to certificates that do not exist"):
            session.get("https://music.example.org", timeout=5)
