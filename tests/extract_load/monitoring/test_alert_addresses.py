"""The addresses of ALERT_URLS: each on its own, named without what is secret in it."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from extract_load.core.settings import Settings
from extract_load.monitoring.alert_addresses import LOG, addresses_of


@pytest.mark.parametrize(
    ("url", "scheme", "is_known"),
    [
        ("json://127.0.0.1/token-1", "json", True),
        ("nonsense://token-1", "nonsense", False),
        ("token-1", "no scheme", False),
        ("slack://", "slack", False),
        ("\udc80token-1", "no scheme", False),
    ],
)
def test_an_address_is_named_by_its_place_and_scheme(settings: Settings, url: str, scheme: str, is_known: bool) -> None:
    """Sending to one that is not known fails; it is not dropped in silence."""
    urls = SecretStr(f"json://localhost/other {url} {url}")
    first, second = addresses_of(settings.model_copy(update={"alert_urls": urls}))
    assert first.id != second.id
    assert second.name == f"address 2 of ALERT_URLS ({scheme})"
    assert "token-1" not in second.name + second.id + second.health_key
    assert second.is_known is is_known
    if not is_known:
        assert second.send("title", "body", True) is False


def test_without_addresses_there_is_the_log(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    """A message is a log line then."""
    (only,) = addresses_of(settings)
    assert (only.id, only.send("Title", "Body.", True)) == (LOG, True)
    assert "Body." in caplog.text
