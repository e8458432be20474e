"""Signing in with a browser and a terminal as they are: spare connections, bare Enters, answers that are none."""

from __future__ import annotations

import os
import pty
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from extract_load.core.errors import AuthorizationNeeded, ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.spotify import login as login_room
from extract_load.spotify.login import login
from sandbox import Sandbox, World
from sandbox.web.http_messages import json_response
from tests.support.sign_in import consent, free_port, fresh, sign_in
from tests.support.world_end import WORLD_END

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


def read_until(terminal: int, words: str) -> str:
    """Read what a terminal shows until it shows these words, or its program is over."""
    shown = ""
    while words not in shown:
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:  # how a terminal says that nobody is there any more
            break
    return shown


@pytest.mark.parametrize("allowed", [True, False], ids=["the page was there", "no page was there"])
def test_just_enter_takes_what_the_page_caught(allowed: bool, small_world: World, settings: Settings) -> None:
    """The command at a real terminal: an empty line is an answer, too, and is never asked for twice."""
    with Sandbox(small_world) as sandbox:
        home = {"DATA_BASE_PATH": settings.data_base_path, "CACHE_DIR": settings.cache_dir}
        variables = {**os.environ, **sandbox.env, **{name: str(path) for name, path in home.items()}}
        variables |= {"DUCKDB_PATH": str(settings.duckdb_path), "COLUMNS": "1000"}
        variables |= {"SPOTIFY_REFRESH_TOKEN": "", "SPOTIFY_REDIRECT_URI": f"http://127.0.0.1:{free_port()}/callback"}
        ours, theirs = pty.openpty()
        command = [Path(sys.executable).with_name("music-tracker"), "auth", "--no-browser"]
        process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables, cwd=settings.data_dir
        )
        os.close(theirs)
        try:
            shown = read_until(ours, "signed in):")
            found = re.search(r"http://\S+/authorize\S+", shown)
            assert found, shown
            if allowed:
                assert "You are signed in" in requests.get(found.group(), timeout=20).text
            os.write(ours, b"\n")
            ended = read_until(ours, "signed in):")
            assert ("Signed in until" if allowed else "No answer came from Spotify.") in ended
            assert "Traceback" not in ended
            assert process.wait(20) == (0 if allowed else 3)
        finally:
            process.kill()
            process.wait()
            os.close(ours)


STRANGE = {
    "no refresh token": {"access_token": "BQ-secret", "token_type": "Bearer", "expires_in": 3600},
    "nothing at all": {},
    "no number of seconds": {"access_token": "BQ-secret", "expires_in": "soon", "refresh_token": "AQ-secret"},
    "no seconds": {"access_token": "BQ-secret", "refresh_token": "AQ-secret"},
    "a number for a token": {"access_token": "BQ-secret", "expires_in": 3600, "refresh_token": 7},
}


@pytest.mark.parametrize("body", STRANGE.values(), ids=STRANGE.keys())
def test_a_strange_answer_to_the_code_is_told_plainly(
    body: Any, listener: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It signs nobody in, and ends in one sentence that holds no token."""
    spot = fresh(listener)
    monkeypatch.setattr(spot.sandbox.accounts, "_by_code", lambda *_given, **_more: json_response(body))
    with pytest.raises(ServiceUnavailable, match="music-tracker auth") as caught:
        sign_in(spot)
    assert "secret" not in str(caught.value)
    assert not spot.context.settings.token_path.exists()


def test_a_refused_sign_in_of_somebody_else_brings_no_ended_one_back(listener: Make) -> None:
    """The variable's token stays known as over, and is not sent once more; status goes on to name its own dates."""
    home = {"spotify_redirect_uri": f"http://127.0.0.1:{free_port()}/callback"}
    own = listener(settings_of_home=home)
    own.poll()
    own.pass_time(hours=2)
    own.fault("refresh_token_revoked", service="accounts")
    with pytest.raises(AuthorizationNeeded, match="over"):
        own.poll()
    facts = {key: own.context.state.get("spotify", key) for key in ("needs_reauth", "token")}
    variable = {**home, "spotify_refresh_token": own.sandbox.env["SPOTIFY_REFRESH_TOKEN"]}
    other = listener(
        world=World(seed=8, artists=20, plays=500, years=1, listener=1, now=WORLD_END), settings_of_home=variable
    )
    with pytest.raises(AuthorizationNeeded, match="another Spotify account"):
        sign_in(other)
    asked = own.sandbox.counts.total("accounts")
    with pytest.raises(AuthorizationNeeded, match="over"):
        own.poll()
    assert own.sandbox.counts.total("accounts") == asked
    assert {key: own.context.state.get("spotify", key) for key in facts} == facts


def test_another_page_can_not_end_a_sign_in(listener: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that the browser shows meanwhile sends codes and refusals to the waiting port: only Spotify's counts."""
    spot = fresh(listener)
    redirect = spot.context.settings.spotify_redirect_uri
    refused: list[int] = []

    def browser(address: str) -> bool:
        def visit() -> None:
            for query in ("?code=stolen", "?error=access_denied", "?code=stolen&state=guessed", ""):
                refused.append(requests.get(redirect + query, timeout=10).status_code)
            requests.get(address, timeout=30)

        threading.Thread(target=visit).start()
        return True

    monkeypatch.setattr(login_room.webbrowser, "open", browser)
    said = login(spot.run(), say=lambda _line: None, ask=lambda _prompt: "", interactive=False)
    assert said.startswith("Signed in until")
    assert refused == [400] * 4


@pytest.mark.parametrize(
    "pasted", ["?error=access_denied", "?error=x&state=guessed", "?code=c", "?code=c&state=guessed"]
)
def test_a_pasted_address_without_our_state_is_refused(pasted: str, listener: Make) -> None:
    """Also a refusal, which anybody could have written."""
    spot = fresh(listener)
    with pytest.raises(AuthorizationNeeded, match="different sign-in attempt"):
        sign_in(spot, answer=lambda _address: spot.context.settings.spotify_redirect_uri + pasted)


def test_a_reason_gives_no_orders_to_the_terminal(listener: Make) -> None:
    """Not even one with the right state."""
    spot = fresh(listener)

    def answer(address: str) -> str:
        state = parse_qs(urlsplit(address).query)["state"][0]
        reason = quote("\x1b[2Jgone\nSigned in" + "x" * 500)
        return f"{spot.context.settings.spotify_redirect_uri}?error={reason}&state={state}"

    with pytest.raises(AuthorizationNeeded) as caught:
        sign_in(spot, answer=answer)
    assert str(caught.value).startswith("Spotify says: gone Signed inxxx")
    assert len(str(caught.value)) < 300


def test_a_code_is_worth_nothing_without_the_verifier(listener: Make) -> None:
    """Who sees the redirect, and even knows the app's secret, gets no token for its code."""
    spot = fresh(listener)
    settings = spot.context.settings
    refusals: list[dict[str, Any]] = []

    def answer(address: str) -> str:
        asked = parse_qs(urlsplit(address).query)
        assert asked["code_challenge_method"] == ["S256"]
        redirect = consent(address)
        stolen = consent(address)  # a second code of the same attempt, for the thief
        form = {
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(stolen).query)["code"][0],
            "redirect_uri": settings.spotify_redirect_uri,
        }
        app = (settings.spotify_client_id, settings.spotify_client_secret.get_secret_value())
        refused = requests.post(f"{settings.spotify_accounts_base_url}/api/token", data=form, auth=app, timeout=10)
        refusals.append(refused.json())
        return redirect

    assert sign_in(spot, answer=answer).startswith("Signed in until")
    assert [refusal["error"] for refusal in refusals] == ["invalid_grant"]
