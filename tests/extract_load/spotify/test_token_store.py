"""The token file between processes: nobody takes another's file away, and the newest sign-in stays."""

from __future__ import annotations

import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from extract_load.core.errors import AuthorizationNeeded, ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.spotify.token_store import Token, TokenStore
from tests.support.sign_in import fresh, sign_in

Make = Callable[..., Any]

MANY_WRITES = """
import sys
from datetime import datetime
from pathlib import Path
from extract_load.core.settings import load_settings
from extract_load.spotify.token_store import Token, TokenStore

home = Path(sys.argv[1])
store = TokenStore(load_settings(home / "no.env", spotify_token_path=home / "token.json"))
print("ready", flush=True)
sys.stdin.readline()
for number in range(150):
    store.save(Token(f"AQ{number}", authorized_at=datetime(2026, 11, 1)))
    assert store.read() is not None
"""


def writer(home: Path) -> subprocess.Popen[str]:
    """Start a process that writes the token file many times, as soon as it is told."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", MANY_WRITES, str(home)], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_write_the_file_at_the_same_time(tmp_path: Path) -> None:
    """Neither loses the file that it is about to put in place; one whole file is left, for its owner's eyes only."""
    both = [writer(tmp_path), writer(tmp_path)]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert [path.name for path in tmp_path.iterdir()] == ["token.json"]
    assert stat.S_IMODE((tmp_path / "token.json").stat().st_mode) == 0o600


def test_a_write_that_fails_leaves_no_token_behind(settings: Settings) -> None:
    """The half-made file goes, as it holds a token, too."""
    settings.token_path.mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        TokenStore(settings).write_bytes(b"secret")
    assert [path for path in settings.data_dir.iterdir() if "token" in path.name] == [settings.token_path]


def test_a_variable_never_overwrites_what_was_renewed_meanwhile(listener: Make) -> None:
    """Two first runs of a home: the second waits for the first, and goes on with the token that this one got."""
    spot = listener()
    path = spot.context.settings.token_path
    results: list[Any] = []
    with FileLock(path.with_name(f".{path.name}.lock"), thread_local=False):  # the first run, which is renewing
        second = threading.Thread(target=lambda: results.append(spot.poll()))
        second.start()
        second.join(1)
        assert not path.exists()
        store = TokenStore(spot.context.settings)
        first = store.load(spot.clock.now())
        assert first is not None
        rotated = replace(first, refresh_token=spot.sandbox.tokens.rotate(first.refresh_token))
        store.save(rotated)
    second.join(30)
    assert [result.new for result in results] == [50]
    kept = store.read()
    assert kept is not None
    assert kept.refresh_token == rotated.refresh_token


def while_renewing(spot: Any, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let something happen while Spotify has the next renewal in hand, before it answers."""
    answer, done = spot.sandbox.accounts._by_refresh, threading.Event()

    def by_refresh(form: dict[str, str]) -> Any:
        if not done.is_set():
            done.set()
            act()
        return answer(form)

    monkeypatch.setattr(spot.sandbox.accounts, "_by_refresh", by_refresh)


@pytest.mark.parametrize("ended", [False, True], ids=["renewed", "refused"])
def test_a_sign_in_during_a_renewal_stays(ended: bool, listener: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """`auth` ends while a poll renews the old token: the new sign-in is neither overwritten nor set aside."""
    spot = fresh(listener)
    sign_in(spot)
    store = TokenStore(spot.context.settings)
    old = store.read()
    assert old is not None
    spot.pass_time(days=150)
    if ended:
        spot.sandbox.tokens.revoke_all()
    signing_in = threading.Thread(target=lambda: sign_in(spot))

    def begin() -> None:
        signing_in.start()
        signing_in.join(1)  # it has to wait for the renewal, so this ends too early for it

    while_renewing(spot, monkeypatch, begin)
    with pytest.raises(AuthorizationNeeded) if ended else nullcontext():
        spot.poll()
    signing_in.join(30)
    kept = store.read()
    assert kept is not None
    assert kept.refresh_token != old.refresh_token
    assert kept.days_left(spot.clock.now()) in {179, 180}
    assert spot.context.state.get("spotify", "needs_reauth") is None
    assert spot.poll().token_days_left in {179, 180}


@pytest.mark.parametrize("ended", [False, True], ids=["renewed", "refused"])
def test_a_token_file_put_there_during_a_renewal_stays(
    ended: bool, listener: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one is that was copied from another machine: it waits for nobody, and the next poll goes on with it."""
    spot = fresh(listener)
    sign_in(spot)
    spot.pass_time(hours=2)
    if ended:
        spot.sandbox.tokens.revoke_all()
    store = TokenStore(spot.context.settings)
    new = Token(spot.sandbox.tokens.grant("user-read-recently-played"), authorized_at=spot.clock.now())
    while_renewing(spot, monkeypatch, lambda: store.save(new))
    with pytest.raises(ServiceUnavailable, match="changed") if ended else nullcontext():
        spot.poll()
    kept = store.read()
    assert kept is not None
    assert kept.refresh_token == new.refresh_token
    assert spot.context.state.get("spotify", "needs_reauth") is None
    assert spot.poll().token_days_left in {179, 180}
