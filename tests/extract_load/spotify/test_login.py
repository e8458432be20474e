"""Signing in with a browser and a terminal as they are: spare connections, bare Enters, answers that are none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from extract_load.spotify import login as login_room
from extract_load.spotify.login import login
from tests.extract_load.spotify.signing_in import fresh

Make = Callable[..., Any]


def test_a_silent_connection_holds_nothing_up(listener: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """As browsers open one to spare: the page that Spotify leads to is answered all the same, and the log-in ends."""
    spot = fresh(listener)
    place = urlsplit(spot.context.settings.spotify_redirect_uri)
    silent: list[socket.socket] = []
    visit: list[threading.Thread] = []
    pages: list[str] = []

    def browser(address: str) -> bool:
        silent.append(socket.create_connection((place.hostname, place.port)))
        visit.append(threading.Thread(target=lambda: pages.append(requests.get(address, timeout=60).text)))
        visit[0].start()
        return True

    def go() -> None:
        told.append(login(spot.run(), say=lambda _line: None, ask=lambda _prompt: "", interactive=False))

    monkeypatch.setattr(login_room.webbrowser, "open", browser)
    told: list[str] = []
    signing_in = threading.Thread(target=go, daemon=True)
    signing_in.start()
    signing_in.join(20)
    silent[0].close()
    visit[0].join(20)
    assert [line[:15] for line in told] == ["Signed in until"]
    assert "You are signed in" in pages[0]
