"""An open server, a dead alert address, missing certificates and an unusable proxy are named."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from extract_load.core.settings import Settings
from tests.support.broken_environments import closed_port, only_trouble, server, troubles


def test_7_an_open_server(offline: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that asks for a password, or that is another program, is none."""
    for status, body, is_open in ((200, b'"3.8.8"', True), (401, b"{}", False), (200, b"<html>", False)):
        with server(status, body) as port:
            monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{port}/api")
            found = troubles(offline, addresses=("127.0.0.1",))
        assert [one.key for one in found] == (["open-server"] if is_open else [])
        assert all("asks for no password" in one.text and "PREFECT_BIND" in one.hint for one in found)


def test_9_a_dead_alert_address(offline: Settings) -> None:
    """One where nobody answers and one that is none; the secret in it is not shown."""
    urls = f"json://127.0.0.1:{closed_port()}/secret-token nonsense://secret-token"
    found = troubles(offline.model_copy(update={"alert_urls": SecretStr(urls)}))
    assert [one.key for one in found] == ["alert-address:1", "alert-address:2"]
    assert "does not answer" in found[0].text
    assert "not one that Apprise knows" in found[1].text
    assert all(one.hint and "secret-token" not in one.text.replace("nonsense://secret-token", "") for one in found)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_10_missing_certificates(
    offline: Settings, monkeypatch: pytest.MonkeyPatch, name: str, content: str | None
) -> None:
    """The file is not there, is empty, or holds something else."""
    path = offline.data_dir / "ca.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv(name, str(path))
    found = only_trouble(offline)
    assert found.text.startswith(f"{name} leads to certificates that ")
    assert name in found.hint


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:{port}", "http://127.0.0.1:99999", "gopher://127.0.0.1:{port}"])
def test_11_an_unusable_proxy(offline: Settings, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """Nobody answers there, or its address is none. The services of this machine go by none."""
    public = offline.model_copy(update={"musicbrainz_base_url": "http://music.example.org"})
    monkeypatch.setenv("HTTP_PROXY", proxy.format(port=closed_port()))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    found = only_trouble(public)
    assert found.text.startswith("The proxy ")
    assert "HTTP_PROXY" in found.hint
    assert troubles(offline) == []
