"""The variables that decide how a request travels: proxies, NO_PROXY, certificates, netrc.

`prepare_network` is called where a process begins, before anything imports Prefect. It makes the variables safe for
this process, its children and every library in them: loopback goes by no proxy, no `~/.netrc` adds credentials, and
what would make a library crash (an entry of NO_PROXY, a proxy of an unknown kind) is taken out and reported in a
sentence that names the variable. A proxy that was taken out is remembered in `UNUSABLE_PROXIES`, so that no request
that should have gone by it leaves without it.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import re
import ssl
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from urllib.parse import urlsplit

from requests.utils import select_proxy, should_bypass_proxies

from extract_load.core.errors import ConfigurationError

CERTIFICATE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
UNUSABLE_PROXIES = "MUSIC_TRACKER_UNUSABLE_PROXIES"
"""Names, separated by spaces, of the proxy variables that were taken out of the environment."""

_DIRECT = ("localhost", "127.0.0.1", "::1")
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
_HTTP_PROXIES = {"http", "https"}
_SOCKS_PROXIES = {"socks5", "socks5h"}  # socks4 is known to requests, but not to Prefect's client
_SOCKS_PACKAGES = ("socks", "socksio")  # of requests, and of Prefect's client
_HOST = re.compile(r"\.?[^\W_](?:[\w.-]*[^\W_])?\.?(?::\d{1,5})?", re.ASCII)


def is_loopback(host: str | None) -> bool:
    """Return whether a host name or address means this machine, without asking a name server."""
    name = (host or "").strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)


def prepare_network(environment: MutableMapping[str, str] | None = None) -> list[str]:
    """Make the variables of a process safe, and return a sentence for each that could not be used as it was.

    Calling it again changes nothing and returns nothing.
    """
    environment = os.environ if environment is None else environment
    environment["NETRC"] = os.devnull
    return [*_repair_no_proxy(environment), *_take_out_unusable_proxies(environment)]


def proxy_of(url: str, environment: Mapping[str, str] | None = None) -> str | None:
    """Return the proxy that a request to a URL goes by; None for loopback and for what NO_PROXY names.

    Errors: ConfigurationError when the environment names one that can't be used.
    """
    environment = os.environ if environment is None else environment
    parts = urlsplit(url)
    no_proxy = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if is_loopback(parts.hostname) or should_bypass_proxies(url, no_proxy=no_proxy or ","):
        return None
    for variable in _variables_of(parts.scheme):
        name, value = _set(variable, environment)
        if variable.upper() in environment.get(UNUSABLE_PROXIES, "").split():
            raise _unusable(variable.upper(), "can't be used", parts.hostname or "")
        if value:
            trouble = proxy_trouble(value)
            if trouble:
                raise _unusable(name, trouble, parts.hostname or "")
            return select_proxy(url, {variable.removesuffix("_proxy"): value})
    return None


def proxy_variable(url: str, environment: Mapping[str, str] | None = None) -> str:
    """Return the name of the variable with the proxy for a URL, empty where none is set."""
    environment = os.environ if environment is None else environment
    for variable in _variables_of(urlsplit(url).scheme):
        name, value = _set(variable, environment)
        if value:
            return name
        if variable.upper() in environment.get(UNUSABLE_PROXIES, "").split():
            return variable.upper()
    return ""


def proxy_trouble(proxy: str) -> str:
    """Return why a proxy can't be used at all, as the end of a sentence; empty when its address is a usable one."""
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        return "has no usable address"
    if not host or port == 0:
        return "has no usable address"
    if parts.scheme in _SOCKS_PROXIES:
        missing = any(importlib.util.find_spec(package) is None for package in _SOCKS_PACKAGES)
        return "is a SOCKS proxy, which this installation can't use" if missing else ""
    return "" if parts.scheme in _HTTP_PROXIES else "has no usable address"


def proxy_troubles(environment: Mapping[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """Yield name and trouble of each variable whose proxy can't be used, whether or not anything needs it."""
    environment = os.environ if environment is None else environment
    for variable in _PROXY_VARIABLES:
        if variable.upper() in environment.get(UNUSABLE_PROXIES, "").split():
            yield variable.upper(), "can't be used"
        name, value = _set(variable, environment)
        if value and (trouble := proxy_trouble(value)):
            yield name, trouble


def no_proxy_troubles(environment: Mapping[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """Yield name of the variable and entry for each entry of NO_PROXY that not every library can read."""
    name, value = _set("no_proxy", os.environ if environment is None else environment)
    for entry in re.split(r"[,\s]+", value):
        if entry and _readable_entry(entry) != entry:
            yield name, entry


def certificate_troubles(environment: Mapping[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """Yield name and trouble (the end of a sentence) of each variable whose certificates can't be used."""
    environment = os.environ if environment is None else environment
    for name in CERTIFICATE_VARIABLES:
        where = environment.get(name)
        trouble = unusable_certificates(Path(where)) if where else ""
        if trouble:
            yield name, trouble


def unusable_certificates(path: Path) -> str:
    """Return why the certificates of a file or folder can't be used, as the end of a sentence; empty if they can."""
    try:
        if not path.exists():
            return "do not exist"
        if path.is_dir():
            return "" if any(path.iterdir()) else "are none: the folder is empty"
        loaded = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        loaded.load_verify_locations(path)
    except (OSError, ssl.SSLError, ValueError):
        return "can't be read"
    return "" if loaded.get_ca_certs() else "hold no certificate"


def certificate_hint(name: str) -> str:
    """Return what to do about a variable whose certificates can't be used."""
    return f"Correct or unset {name}: without certificates no service can be asked."


def require_certificates(environment: Mapping[str, str] | None = None) -> None:
    """Check the variables that name certificates. Errors: ConfigurationError that names the first that can't be used.

    Libraries read them for every request, also where no certificate is needed, and crash.
    """
    for name, trouble in certificate_troubles(environment):
        raise ConfigurationError(f"{name} leads to certificates that {trouble}.", hint=certificate_hint(name))


def _variables_of(scheme: str) -> tuple[str, str]:
    return f"{scheme}_proxy", "all_proxy"


def _set(variable: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the name under which a variable is set (lower case wins, as in every library) and its value."""
    for name in (variable, variable.upper()):
        if environment.get(name):
            return name, environment[name]
    return variable.upper(), ""


def _unusable(name: str, trouble: str, host: str) -> ConfigurationError:
    return ConfigurationError(
        f"The proxy that {name} names {trouble}, and requests to {host} would go by it.",
        hint=f"Correct or unset {name}, or name the host in NO_PROXY.",
    )


def _repair_no_proxy(environment: MutableMapping[str, str]) -> Iterator[str]:
    """Let NO_PROXY name loopback, and nothing that a library can't read."""
    for name, entry in list(no_proxy_troubles(environment)):
        read_as = _readable_entry(entry)
        what = f"is read as {read_as}" if read_as else "is passed over"
        yield f"{name} has an entry that not every program can read, {entry!r}: it {what}."
    _, value = _set("no_proxy", environment)
    entries = [read_as for entry in re.split(r"[,\s]+", value) if entry and (read_as := _readable_entry(entry))]
    if "*" not in entries:
        entries += [host for host in (*_DIRECT, *_local_api(environment)) if host not in entries]
    wanted = "*" if "*" in entries else ",".join(entries)
    environment["NO_PROXY"] = environment["no_proxy"] = wanted


def _local_api(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the host of PREFECT_API_URL where it is this machine or a container beside this one."""
    try:
        host = urlsplit(environment.get("PREFECT_API_URL", "")).hostname
    except ValueError:
        return
    if host and (is_loopback(host) or ("." not in host and ":" not in host)):
        yield host


def _take_out_unusable_proxies(environment: MutableMapping[str, str]) -> Iterator[str]:
    for variable in _PROXY_VARIABLES:
        name, value = _set(variable, environment)
        trouble = proxy_trouble(value) if value else ""
        if trouble:
            for spelling in (variable, variable.upper()):
                environment.pop(spelling, None)
            taken_out = {*environment.get(UNUSABLE_PROXIES, "").split(), variable.upper()}
            environment[UNUSABLE_PROXIES] = " ".join(sorted(taken_out))
            yield f"The proxy that {name} names {trouble}: requests that need it are not sent."


def _readable_entry(entry: str) -> str:
    """Return an entry of NO_PROXY in a form that every library reads, empty when there is none."""
    if entry == "*":
        return entry
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::\d+)?", entry)
    address = bracketed[1] if bracketed else entry
    try:
        ipaddress.ip_address(address)
    except ValueError:
        pass
    else:
        return address
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        host = entry.removeprefix("*")
        return host if _HOST.fullmatch(host) else ""
    return entry if network.version == 4 else ""
