"""Signing in with nobody around: the tests are the browser, and the person who pastes."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import requests

from extract_load.spotify.login import login

Make = Callable[..., Any]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def consent(address: str) -> str:
    """Be the browser: allow the app, and give the address that Spotify leads to."""
    return requests.get(address, allow_redirects=False, timeout=10).headers["Location"]


def sign_in(spot: Any, *, answer: Callable[[str], str] = consent, **options: Any) -> str:
    """Sign in on a box without a browser, pasting what `answer` makes of the printed address."""
    said: list[str] = []
    told = {"browser": False, "interactive": True, **options}
    return login(
        spot.run(), say=said.append, ask=lambda _prompt: answer(next(s for s in said if "http" in s).strip()), **told
    )


def fresh(listener: Make, **options: Any) -> Any:
    """Return a listener who has never signed in."""
    home = {"spotify_refresh_token": None, "spotify_redirect_uri": f"http://127.0.0.1:{free_port()}/callback"}
    return listener(settings_of_home=home, **options)
