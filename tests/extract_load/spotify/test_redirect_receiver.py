"""The redirect is received on loopback, of both families, and only the answer with our state is one."""

from __future__ import annotations

import socket

import pytest
import requests

from extract_load.spotify.redirect_receiver import RedirectReceiver, is_answer, parse_answer

STATE = "our-state"
NOT_OURS = (
    *("", "?code=stolen", "?error=access_denied", "?code=c&state=", "?code=c&state=another", "?state[]=our-state"),
    *(
        "?error=access_denied&state=nobody",
        "?code=c&state=our-stat",
        "?code=c&state=%FF%00",
        "?state=x&state=our-state",
    ),
    "?" + "&".join(f"a{number}=1" for number in range(500)),
)


def free_port(family: socket.AddressFamily, host: str) -> int:
    """Return a port of this address that nobody listens on; skip where there is no such address."""
    try:
        with socket.socket(family) as found:
            found.bind((host, 0))
            return int(found.getsockname()[1])
    except OSError:
        pytest.skip(f"this machine has no {host}")


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_only_a_request_with_our_state_is_an_answer(family: socket.AddressFamily, host: str) -> None:
    """Whatever other pages of the browser send: each is refused, and the wait goes on."""
    port = free_port(family, host)
    base = f"http://[{host}]:{port}/callback" if ":" in host else f"http://{host}:{port}/callback"
    receiver = RedirectReceiver(base, STATE)
    try:
        assert receiver.listening
        for query in NOT_OURS:
            assert requests.get(base + query, timeout=5).status_code == 400
            assert receiver.wait(0) is None
        assert requests.get(base.replace("callback", "other") + f"?state={STATE}", timeout=5).status_code == 404
        assert requests.post(base + f"?code=c&state={STATE}", timeout=5).status_code == 501
        assert receiver.wait(0) is None
        assert "You are signed in" in requests.get(base + f"?code=c&state={STATE}", timeout=5).text
        assert receiver.wait(5) == f"/callback?code=c&state={STATE}"
    finally:
        receiver.close()


def test_a_refusal_is_an_answer_and_says_so() -> None:
    """The page does not promise what did not happen."""
    address = f"http://127.0.0.1:{free_port(socket.AF_INET, '127.0.0.1')}/callback"
    receiver = RedirectReceiver(address, STATE)
    try:
        page = requests.get(address + f"?error=access_denied&state={STATE}", timeout=5).text
        assert "did not sign you in" in page
        assert receiver.wait(5) == f"/callback?error=access_denied&state={STATE}"
    finally:
        receiver.close()


@pytest.mark.parametrize(
    "uri", ["https://me.example/callback", "http://127.0.0.1/no-port", "http://192.0.2.1:80/", "app://callback", ""]
)
def test_what_is_not_here_is_not_listened_on(uri: str) -> None:
    """The answer is pasted then."""
    receiver = RedirectReceiver(uri, STATE)
    assert not receiver.listening
    assert receiver.wait(0) is None
    receiver.close()


@pytest.mark.parametrize("address", ["", "http://[", "what?", "?state", "//", "?state=\udcff", "?state=our-state2"])
def test_no_text_that_is_pasted_breaks_the_check(address: str) -> None:
    """It is no answer, and no traceback."""
    assert not is_answer(parse_answer(address), STATE)
    assert is_answer(parse_answer(f" http://127.0.0.1:1/callback?code=c&state={STATE} \n"), STATE)
