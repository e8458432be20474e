"""The checks of each listener: named with several, as ever with one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from extract_load.core.listener_registry import Listener, Registry, write_registry
from extract_load.monitoring.facts import gather
from extract_load.monitoring.listener_checks import check_listeners
from extract_load.storage.state import PollRecord, to_iso


def keys(installation: Any) -> dict[str, str]:
    """Return the texts of the listeners' checks by their keys."""
    facts = gather(installation.settings, installation.state, installation.clock.now())
    return {result.key: result.text for result in check_listeners(facts)}


def test_one_listener_is_named_nowhere(installation: Any) -> None:
    """Key and text are those of every earlier version."""
    found = keys(installation)
    assert list(found) == ["poll"]
    assert found["poll"].startswith("The last successful poll was")


def test_gaps_and_token_days_are_somebodys(installation: Any) -> None:
    """Her gap is hers, also when his export closed one with the same bounds; and so is the age of her sign-in."""
    both = Registry((Listener("me"), Listener("anna", "Anna"), Listener("ben")), "me")
    write_registry(installation.settings.listeners_path, both)
    now = installation.clock.now()
    since, until = now - timedelta(hours=3), now - timedelta(hours=2)
    gap = PollRecord("hers", "anna", "run", now, "gap", 50, 50, 0, gap_from=since, gap_until=until)
    installation.state.record_poll(gap)
    installation.close_gap((since, until))
    old = {"authorized_at": to_iso(now - timedelta(days=170)), "token": "x"}
    installation.state.put("spotify", "token:anna", old, now)
    found = keys(installation)
    assert set(found) == {"poll:me", "poll:anna", "poll:ben", f"gap:{since:%Y-%m-%dT%H:%M:%S}:anna", "token:anna"}
    assert found["token:anna"] == "Anna: The sign-in at Spotify ends in 10 days (it is 170 days old)."
    assert found["poll:ben"] == "ben: Spotify is not polled: nobody signed in yet."
    assert found["poll:me"].startswith("me: The last successful poll was")
