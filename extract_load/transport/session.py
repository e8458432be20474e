"""A `requests.Session` that takes credentials from its caller alone, and goes to loopback by no proxy.

Proxies and certificates come from the environment as everywhere; a `~/.netrc` is never read. Holds for redirects as
well: the proxy of a redirect is that of the new address.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest

from extract_load.core.errors import ConfigurationError
from extract_load.core.network_environment import certificate_hint, proxy_of

_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # in the order of requests


class EnvironmentSession(requests.Session):
    """A session with the proxies and certificates of the environment, and no credentials from it.

    Errors of each request, beside those of requests: ConfigurationError that names a variable that can't be used.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Return the options of a request, with the proxy and the certificates for its address."""
        if verify in (True, None) and urlsplit(str(url)).scheme == "https":
            verify = _bundle() or verify
        return super().merge_environment_settings(url, proxies or _proxies_of(str(url)), stream, verify, cert)

    def rebuild_proxies(self, prepared_request: PreparedRequest, proxies: Any) -> Any:
        """Return the proxies of a redirect."""
        proxies = _proxies_of(prepared_request.url or "")
        return super().rebuild_proxies(prepared_request, proxies)  # type: ignore[no-untyped-call]


def _proxies_of(url: str) -> dict[str, str]:
    proxy = proxy_of(url)
    return {urlsplit(url).scheme: proxy} if proxy else {}


def _bundle(environment: Mapping[str, str] | None = None) -> str | None:
    """Return the file or folder of certificates that the environment names."""
    environment = os.environ if environment is None else environment
    for name in _BUNDLES:
        where = environment.get(name)
        if where and not os.path.exists(where):  # noqa: PTH110  # a name that no path can have is none
            msg = f"{name} leads to certificates that do not exist."
            raise ConfigurationError(msg, hint=certificate_hint(name))
        if where:
            return where
    return None
