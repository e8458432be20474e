"""`music-tracker alert`: what is open, and whether each address works."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from extract_load.storage.state import State
from tests.support.alert_receiver import SECRET, AlertReceiver

NOW = datetime(2026, 11, 23, 12)


def test_open_alerts_are_listed(music_tracker: Any, state: State) -> None:
    """One a line; those that are over are not."""
    assert music_tracker("alert").out == "No alert is open.\n"
    state.put("alerts", "a", {"since": "2026-11-20 00:00:00", "text": "It is broken."}, NOW)
    state.put("alerts", "b", {"since": "x", "text": "It was.", "delivered": [], "over_since": "x"}, NOW)
    assert music_tracker("alert").out == "It is broken.\n"


def test_each_address_is_tried_and_named(
    music_tracker: Any, receiver: AlertReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dead one and a wrong one do not keep the others from their message."""
    monkeypatch.setenv("ALERT_URLS", f"{receiver.url} json://127.0.0.1:9/{SECRET} nonsense://{SECRET}")
    done = music_tracker("alert", "--test")
    assert done.exit_code == 1
    assert done.out.splitlines() == [
        "address 1 of ALERT_URLS (json): the message was delivered.",
        "address 2 of ALERT_URLS (json): the message could not be delivered.",
        "address 3 of ALERT_URLS (nonsense): Apprise does not know this form; see its list of services.",
    ]
    assert [message["title"] for message in receiver.messages] == ["Music tracker: a test"]
    monkeypatch.setenv("ALERT_URLS", receiver.url)
    assert music_tracker("alert", "--test").exit_code == 0
    monkeypatch.setenv("ALERT_URLS", "")
    assert "alerts are log lines" in music_tracker("alert", "--test").out
