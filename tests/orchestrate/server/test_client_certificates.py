"""Prefect's clients read the certificate authorities once, and check certificates as before."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi
import pytest
from prefect.client import orchestration
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_SSL_CERT_FILE, PREFECT_API_URL, temporary_settings

from orchestrate.server.client_certificates import share_certificates


@pytest.fixture(autouse=True)
def _own_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin with Prefect as it is installed, and leave it as it was."""
    monkeypatch.setattr(orchestration, "ssl", ssl)


def context_of_a_new_client(file: str) -> ssl.SSLContext:
    """Return the TLS context of a client that checks certificates against a file."""
    settings = {PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_API_SSL_CERT_FILE: file}
    with temporary_settings(settings), get_client(sync_client=True) as client:
        assert isinstance(client, SyncPrefectClient)
        pool = client._client._transport._pool  # type: ignore[attr-defined]
        context = pool._ssl_context
        assert isinstance(context, ssl.SSLContext)
        return context


def test_clients_share_one_context_a_file(tmp_path: Path) -> None:
    """Another file of authorities is another context; each asks for a certificate and compares its name."""
    other = tmp_path / "other.pem"
    other.write_bytes(Path(certifi.where()).read_bytes())
    assert context_of_a_new_client(certifi.where()) is not context_of_a_new_client(certifi.where())
    share_certificates()
    share_certificates()
    first = context_of_a_new_client(certifi.where())
    assert context_of_a_new_client(certifi.where()) is first
    assert context_of_a_new_client(str(other)) is not first
    assert first.check_hostname
    assert first.verify_mode is ssl.CERT_REQUIRED


def test_nothing_else_shares() -> None:
    """Everybody else makes contexts of their own: they may change them."""
    share_certificates()
    assert ssl.create_default_context() is not ssl.create_default_context()
