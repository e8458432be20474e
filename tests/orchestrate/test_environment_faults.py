"""Variables of the machine that break requests: a command goes on without them, or ends with a sentence that names one.

The services of these tests are on loopback, where neither a proxy nor a `.netrc` has any business.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from extract_load.core.network_environment import prepare_network

INGEST = (sys.executable, "-m", "extract_load", "ingest")
NO_SERVICE = {
    "MUSICBRAINZ_BASE_URL": "https://music.example.org",
    "GEOCODER": "off",
    "SPOTIFY_CLIENT_ID": "",
    "SPOTIFY_CLIENT_SECRET": "",
}
PROXIES = {
    "HTTP_PROXY without NO_PROXY": {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"},
    "ALL_PROXY=socks5": {"ALL_PROXY": "socks5://127.0.0.1:9"},
    "NO_PROXY=[::1]": {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "[::1]"},
}
ASK_PREFECT = """
from orchestrate.console import prepare_prefect
prepare_prefect()
from prefect.client.orchestration import get_client
with get_client(sync_client=True) as client:
    print(client.api_version() is not None, client.api_healthcheck())
"""


@pytest.fixture
def polling(make_installation: Callable[..., Any], tmp_path: Path) -> Iterator[Any]:
    """Yield an installation that has never polled, with a `.netrc` that has an entry for every host."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".netrc").write_text("default login somebody password secret-of-netrc\n")
    (home / ".netrc").chmod(0o600)
    direct = {name: "" for scheme in ("HTTP", "HTTPS", "ALL", "NO") for name in (f"{scheme}_PROXY",)}
    yield make_installation(tmp_path / "installation", "", HOME=str(home), **direct, **{k.lower(): "" for k in direct})


@pytest.mark.parametrize("name", PROXIES)
def test_a_poll_of_loopback_passes_by_every_proxy(polling: Any, name: str) -> None:
    """A variable that can't be used is named in one sentence, and the plays are there."""
    polling.extra.update(PROXIES[name])
    done = polling.run(*INGEST)
    assert "Traceback" not in done.stderr
    odd = {"ALL_PROXY=socks5": "ALL_PROXY", "NO_PROXY=[::1]": "NO_PROXY"}.get(name)
    warned = [line for line in done.stderr.splitlines() if "_PROXY" in line]
    assert len(warned) == (1 if odd else 0)
    assert all(odd and odd in line for line in warned)
    assert list(polling.settings().spool_dir.rglob("*.gz"))


@pytest.mark.parametrize("command", ["ingest", "auth", "etl", "doctor"])
def test_missing_certificates_are_named(polling: Any, command: str) -> None:
    """At once, by every command that asks a service; doctor goes on with its other checks."""
    polling.extra["SSL_CERT_FILE"] = "/nowhere/ca.pem"
    done = polling.run(sys.executable, "-m", "extract_load", command, expect=None)
    said = done.stdout + done.stderr
    assert done.returncode == (1 if command == "doctor" else 2), said
    assert said.count("SSL_CERT_FILE leads to certificates that do not exist.") == 1
    assert "Traceback" not in said
    assert "Make room" not in said


@pytest.mark.parametrize("command", ["etl", "doctor"])
def test_a_proxy_that_a_service_needs_and_can_not_be_used_is_named(polling: Any, command: str) -> None:
    """Before any work: no request goes around it."""
    polling.extra.update(NO_SERVICE, ALL_PROXY="gopher://127.0.0.1:9")
    done = polling.run(sys.executable, "-m", "extract_load", command, expect=None)
    said = done.stdout + done.stderr
    assert done.returncode == (1 if command == "doctor" else 2), said
    assert "The proxy that ALL_PROXY names can't be used, and requests to music.example.org would go by it." in said
    assert "Traceback" not in said


def test_prefect_reaches_its_server_past_every_proxy(polling: Any, api: str, tmp_path: Path) -> None:
    """Its client too, by its own command line and from another directory; all faults at once."""
    polling.api = api
    polling.extra.update({**PROXIES["ALL_PROXY=socks5"], **PROXIES["NO_PROXY=[::1]"]})
    done = polling.run(sys.executable, "-c", ASK_PREFECT)
    assert done.stdout.split() == ["True", "None"]
    done = polling.run("prefect", "work-pool", "ls")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("entry", ["[::1]", "fe80::/10", "[::1", "*.example.org", "http://x", "exämple.org"])
def test_every_entry_of_no_proxy_ends_as_one_that_prefects_client_reads(
    entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads all entries whenever it is made, and some make it crash."""
    for name in ("HTTP_PROXY", "http_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", entry)
    prepared = dict(os.environ)
    prepare_network(prepared)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, prepared[name])
    httpx.Client().close()
