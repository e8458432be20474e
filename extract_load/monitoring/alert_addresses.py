"""The addresses that alerts go to: each address of ALERT_URLS on its own, or the log without any.

An address is a secret (it holds tokens), so it is only ever named by its place in ALERT_URLS and its scheme.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass

from extract_load.core.redaction import quiet_libraries
from extract_load.core.settings import Settings

log = logging.getLogger(__name__)

Send = Callable[[str, str, bool], bool]
LOG = "log"


@dataclass(frozen=True, slots=True)
class Address:
    """One address: `id` is a hash, `name` says which one it is, `send(title, body, is_trouble)` returns success.

    `is_known` is False for one that Apprise can't read; sending to it always fails.
    """

    id: str
    name: str
    send: Send
    is_known: bool = True

    @property
    def health_key(self) -> str:
        """Return the key of the check result that says that this address accepts nothing."""
        return f"alert-address:{self.name}"


def addresses_of(settings: Settings) -> list[Address]:
    """Return the addresses of ALERT_URLS, or the log when there are none."""
    urls = settings.alert_urls.get_secret_value().split() if settings.alert_urls else []
    if not urls:
        return [Address(LOG, "the log", _send_to_log)]
    return [_address(number, url) for number, url in enumerate(dict.fromkeys(urls), start=1)]


def _address(number: int, url: str) -> Address:
    import apprise

    quiet_libraries()
    scheme = url.partition("://")[0] if "://" in url else "no scheme"
    name = f"address {number} of ALERT_URLS ({scheme[:20]})"
    identity = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    post = apprise.Apprise()
    if not post.add(url):
        return Address(identity, name, _refuse, is_known=False)

    def send(title: str, body: str, is_trouble: bool) -> bool:
        kind = apprise.NotifyType.WARNING if is_trouble else apprise.NotifyType.SUCCESS
        return bool(post.notify(title=title, body=body, notify_type=kind))

    return Address(identity, name, send)


def _refuse(_title: str, _body: str, _is_trouble: bool) -> bool:
    return False


def _send_to_log(title: str, body: str, is_trouble: bool) -> bool:
    log.log(logging.WARNING if is_trouble else logging.INFO, "%s\n%s", title, body)
    return True
