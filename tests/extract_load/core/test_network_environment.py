"""Proxies, NO_PROXY and certificates of the environment: what is read how, repaired, or refused in a sentence."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import pytest

from extract_load.core import network_environment
from extract_load.core.errors import ConfigurationError
from extract_load.core.network_environment import (
    UNUSABLE_PROXIES,
    certificate_troubles,
    is_loopback,
    no_proxy_troubles,
    prepare_network,
    proxy_of,
    proxy_trouble,
    proxy_troubles,
    proxy_variable,
    require_certificates,
    unusable_certificates,
)

PROXY = "http://proxy.example.org:3128"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *(
            (host, True)
            for host in ("localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]")
        ),
        *((host, True) for host in ("::ffff:127.0.0.1", "0.0.0.0", "::")),
        *((host, False) for host in ("localhost.example.org", "10.0.0.1", "2001:db8::1", "", None, "127.0.0.1.nip.io")),
    ],
)
def test_loopback(host: str | None, expected: bool) -> None:
    """Names and addresses of this machine, and others that look like them."""
    assert is_loopback(host) is expected


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_loopback_goes_by_no_proxy(host: str, name: str) -> None:
    """Without NO_PROXY, and also where the proxy could not be used."""
    for proxy in (PROXY, "socks5://127.0.0.1:9"):
        assert proxy_of(f"http://{host}:8080/x", {name: proxy}) is None


def test_the_proxy_of_a_service() -> None:
    """The scheme's own before ALL_PROXY, lower case before upper case, none where NO_PROXY names the host."""
    url = "https://api.example.org/v1"
    assert proxy_of(url, {}) is None
    assert proxy_of(url, {"HTTP_PROXY": PROXY}) is None
    for names in ({"HTTPS_PROXY": PROXY, "ALL_PROXY": "http://other:1"}, {"https_proxy": PROXY, "HTTPS_PROXY": "x"}):
        assert proxy_of(url, names) == PROXY
    assert proxy_of(url, {"ALL_PROXY": PROXY}) == PROXY
    assert proxy_variable(url, {"ALL_PROXY": PROXY}) == "ALL_PROXY"
    assert proxy_of(url, {"ALL_PROXY": PROXY, "NO_PROXY": "example.org"}) is None


@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:1080", "gopher://x", "http://x:99999", "http://:80", "socks4://x"]
)
def test_a_proxy_that_can_not_be_used_is_named(proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before and after it was taken out of the environment, so that nothing goes around it."""
    monkeypatch.setattr(network_environment, "_SOCKS_PACKAGES", ("a_package_that_is_not_installed",))
    environment = {"ALL_PROXY": proxy}
    assert [name for name, _ in proxy_troubles(environment)] == ["ALL_PROXY"]
    with pytest.raises(ConfigurationError, match=r"The proxy that ALL_PROXY names .* music\.example\.org"):
        proxy_of("https://music.example.org", environment)
    (sentence,) = prepare_network(environment)
    assert sentence.startswith("The proxy that ALL_PROXY names ")
    assert "ALL_PROXY" not in environment
    assert environment[UNUSABLE_PROXIES] == "ALL_PROXY"
    with pytest.raises(ConfigurationError, match="ALL_PROXY"):
        proxy_of("https://music.example.org", environment)
    assert [name for name, _ in proxy_troubles(environment)] == ["ALL_PROXY"]
    assert proxy_variable("https://music.example.org", environment) == "ALL_PROXY"
    assert proxy_of("http://127.0.0.1:8000", environment) is None
    assert prepare_network(environment) == []


def test_usable_proxies_stay() -> None:
    """With and without a scheme, a port, a user."""
    for proxy in (PROXY, "proxy.example.org:3128", "https://user:word@proxy.example.org"):
        assert proxy_trouble(proxy) == ""
        environment = {"HTTPS_PROXY": proxy}
        assert prepare_network(environment) == []
        assert environment["HTTPS_PROXY"] == proxy


@pytest.mark.parametrize(
    ("given", "entries", "reported"),
    [
        ("", [], 0),
        ("example.org, .lan", ["example.org", ".lan"], 0),
        ("[::1]", ["::1"], 1),
        ("[::1]:8080,10.0.0.0/8", ["::1", "10.0.0.0/8"], 1),
        ("fe80::/10 *.example.org", [".example.org"], 2),
        ("[::1,exämple.org,http://x", [], 3),
    ],
)
def test_no_proxy_names_loopback_and_what_every_program_can_read(given: str, entries: list[str], reported: int) -> None:
    """Each odd entry is reported once, and Prefect's HTTP client can be made with the outcome."""
    environment = {"HTTP_PROXY": PROXY, "NO_PROXY": given}
    sentences = prepare_network(environment)
    assert len(sentences) == reported
    assert all(sentence.startswith("NO_PROXY has an entry") for sentence in sentences)
    assert environment["NO_PROXY"] == environment["no_proxy"]
    loopback = [host for host in ("localhost", "127.0.0.1", "::1") if host not in entries]
    assert environment["NO_PROXY"].split(",") == [*entries, *loopback]
    assert list(no_proxy_troubles(environment)) == []
    assert prepare_network(environment) == []


def test_everything_direct_stays_so_and_a_container_beside_this_one_is_near() -> None:
    """`*` among others stands for all; the host of PREFECT_API_URL is added where it has no domain."""
    everything = {"NO_PROXY": "example.org,*"}
    prepare_network(everything)
    assert everything["NO_PROXY"] == "*"
    for url, added in (("http://prefect-server:4200/api", "prefect-server"), ("https://api.prefect.cloud/api", "")):
        environment = {"PREFECT_API_URL": url}
        prepare_network(environment)
        assert environment["NO_PROXY"] == ",".join(filter(None, ["localhost,127.0.0.1,::1", added]))


def test_no_netrc_is_read() -> None:
    """Also by libraries that ask for it themselves."""
    environment: dict[str, str] = {"NETRC": "/home/somebody/.netrc"}
    prepare_network(environment)
    assert environment["NETRC"] == os.devnull


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_that_can_not_be_used_are_named(name: str, tmp_path: Path) -> None:
    """Missing, empty, and of another kind; those of the machine can be used."""
    empty, other = tmp_path / "empty", tmp_path / "other.pem"
    empty.mkdir()
    other.write_text("no certificate")
    for where in (tmp_path / "missing.pem", empty, other):
        with pytest.raises(ConfigurationError, match=f"^{name} leads to certificates that "):
            require_certificates({name: str(where)})
    assert list(certificate_troubles({name: ""})) == []
    machine = ssl.get_default_verify_paths().cafile
    if machine:
        assert unusable_certificates(Path(machine)) == ""
        require_certificates({name: machine})
