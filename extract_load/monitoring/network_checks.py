"""What keeps requests from leaving or alerts from arriving, and a server that lets anybody in; no service is asked.

In: the settings and the variables that `requests` reads (proxies, certificates). Out: one check result for each
trouble. An address is shown by its scheme and host only: the rest of it may be a secret.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import certifi
import psutil
import requests

from extract_load.core.errors import ConfigurationError
from extract_load.core.network_environment import (
    certificate_hint,
    certificate_troubles,
    proxy_of,
    proxy_troubles,
    proxy_variable,
    unusable_certificates,
)
from extract_load.core.redaction import quiet_libraries
from extract_load.core.settings import Settings
from extract_load.monitoring.check_result import CheckResult

_SECONDS = 3.0
_SERVER_PORT = 4200
_TALKS_TO_A_HOST = {"json", "jsons", "xml", "xmls", "form", "forms", "ntfy", "ntfys", "gotify", "gotifys", "mailto"}


def check_certificates(environment: Mapping[str, str] | None = None) -> Iterator[CheckResult]:
    """Yield the variables that name certificates which are not there, and an unusable store of our own."""
    for name, trouble in certificate_troubles(environment):
        text = f"{name} leads to certificates that {trouble}."
        yield CheckResult(f"certificates:{name}", "problem", text, certificate_hint(name))
    trouble = unusable_certificates(Path(certifi.where()))
    if trouble:
        text = f"The certificates that came with the program {trouble}."
        yield CheckResult("certificates", "problem", text, "Run `make setup` again.")


def check_proxy(urls: Sequence[str]) -> Iterator[CheckResult]:
    """Yield each proxy on the way to the addresses that can't be used, and a note of one that nothing needs."""
    reported = set()
    for url in urls:
        name = proxy_variable(url)
        if name in reported:
            continue
        try:
            proxy = proxy_of(url)
        except ConfigurationError as error:
            reported.add(name)
            yield CheckResult("proxy", "problem", error.message, error.hint)
            continue
        trouble = _does_not_answer(*_place(proxy)) if proxy else ""
        if proxy and trouble:
            reported.add(name)
            hint = f"Correct or unset {name or 'the proxy of this machine'}, or name hosts in NO_PROXY."
            yield CheckResult("proxy", "problem", f"The proxy {_shown(proxy)} {trouble}.", hint)
    for name, trouble in proxy_troubles():
        if name not in reported:
            text = f"The proxy that {name} names {trouble}; no service is asked by way of it."
            yield CheckResult(f"proxy:{name}", "note", text, f"Correct or unset {name}.")


def _place(proxy: str) -> tuple[str, int]:
    """Return host and port of a proxy whose address is a usable one."""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme, 1080)


def check_alert_addresses(settings: Settings) -> Iterator[CheckResult]:
    """Yield each address in ALERT_URLS that Apprise does not know, or where nobody answers. Nothing is sent.

    Hosted services, whose host stands in Apprise and not in the address, are judged by their form only.
    """
    import apprise

    quiet_libraries()
    urls = settings.alert_urls.get_secret_value().split() if settings.alert_urls else []
    for number, url in enumerate(urls, start=1):
        known = apprise.Apprise.instantiate(url)
        name = f"Address {number} in ALERT_URLS ({_shown(url)})"
        key = f"alert-address:{number}"
        if known is None:
            text = f"{name} is not one that Apprise knows: alerts don't reach you there."
            yield CheckResult(key, "problem", text, "Compare it with Apprise's list of services.")
        elif urlsplit(url).scheme in _TALKS_TO_A_HOST and getattr(known, "host", None):
            port = known.port or (443 if known.secure else 80)
            trouble = _does_not_answer(str(known.host), int(port)) if urlsplit(url).scheme != "mailto" else ""
            if trouble:
                yield CheckResult(key, "problem", f"{name} {trouble}.", "Start what receives them, or take it out.")


def check_server(addresses: Sequence[str] | None = None, port: int | None = None) -> Iterator[CheckResult]:
    """Yield the address under which a Prefect server lets anybody in, without a password.

    `addresses` are those of this machine that others can reach, and loopback, which every page in a browser can reach;
    `port` is that of PREFECT_API_URL, else 4200.
    """
    port = port or _configured_port()
    for address in [*_reachable_addresses(), "127.0.0.1"] if addresses is None else addresses:
        place = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
        if _lets_in(place):
            who = "any web page in a browser here" if address == "127.0.0.1" else "whoever reaches it"
            hint = (
                "Start it again from the project's folder, which gives it a password, or set"
                " PREFECT_SERVER_API_AUTH_STRING; PREFECT_BIND=127.0.0.1 (compose) keeps other machines away."
            )
            text = f"A Prefect server at {place} asks for no password: {who} can run code here."
            yield CheckResult("open-server", "problem", text, hint)
            return


def _configured_port() -> int:
    try:
        return urlsplit(os.environ.get("PREFECT_API_URL", "")).port or _SERVER_PORT
    except ValueError:
        return _SERVER_PORT


def _reachable_addresses() -> list[str]:
    """Return the addresses of this machine that other machines can use."""
    found = []
    for interface in psutil.net_if_addrs().values():
        for one in interface:
            if one.family in {socket.AF_INET, socket.AF_INET6}:
                address = ipaddress.ip_address(one.address.split("%")[0])
                if not (address.is_loopback or address.is_link_local):
                    found.append(str(address))
    return found


def _lets_in(place: str) -> bool:
    """Return whether Prefect's API answers there without credentials; its health would answer in any case."""
    with requests.Session() as direct:
        direct.trust_env = False  # our own machine is never asked by way of a proxy
        try:
            answer = direct.get(f"{place}/api/admin/version", timeout=_SECONDS, allow_redirects=False)
            return answer.status_code == 200 and isinstance(answer.json(), str)
        except (requests.RequestException, ValueError):
            return False


def _does_not_answer(host: str, port: int) -> str:
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except (OSError, OverflowError, UnicodeError):
        return f"does not answer (port {port})"
    return ""


def _shown(url: str) -> str:
    """Return scheme and host of an address, without user, password and path."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        return f"{parts.scheme}://{parts.hostname or '...'}"
    except ValueError:
        return "an address of a wrong form"
