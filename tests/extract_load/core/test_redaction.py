"""Redaction: personal data goes, everything else stays as it was."""

from __future__ import annotations

import logging

import pytest

from extract_load.core.redaction import TOO_DEEP, is_personal, quiet_libraries, redact, redact_text


def test_the_rest_stays_as_it_is() -> None:
    """A track about users keeps its name."""
    kept = {"name": "user:friendly", "url": "https://open.spotify.com/track/1", "n": [1, None, True]}
    assert redact(kept) == kept


@pytest.mark.parametrize("key", ["ip_addr", "IP_ADDR_V6", "user_agent_x", "usernme", "e-mail"])
def test_renamed_and_damaged_keys_are_personal(key: str) -> None:
    """What Spotify calls an address next must not be kept either."""
    assert is_personal(key)
    assert redact([{key: "secret", "ts": 1}]) == [{"ts": 1}]


@pytest.mark.parametrize("key", ["ts", "ms_played", "platform", "conn_country", "artist_name"])
def test_other_keys_are_not(key: str) -> None:
    """The columns of an export."""
    assert not is_personal(key)


def test_what_json_can_not_hold_is_replaced() -> None:
    """Lone surrogates, numbers beyond 64 bits, and nesting without end."""
    assert redact("a\ud800b") == "a\ufffdb"
    assert redact(2**70) == "(a number of more than 64 bits)"
    assert redact([[[1]]], deepest=2) == [[TOO_DEEP]]


def test_user_names_leave_addresses_of_spotify_only() -> None:
    """A title that looks like one is a title."""
    assert redact_text("spotify:user:jane:playlist:1") == "spotify:user:-:playlist:1"
    assert redact_text("https://api.spotify.com/v1/users/jane/x") == "https://api.spotify.com/v1/users/-/x"
    assert redact_text("a song about spotify:user:jane") == "a song about spotify:user:jane"


def test_libraries_that_log_requests_stay_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Also when somebody lowers their level later."""
    quiet_libraries()
    quiet_libraries()
    logger = logging.getLogger("urllib3")
    with caplog.at_level(logging.DEBUG, logger="urllib3"):
        logger.debug("token=secret")
        logger.warning("a warning")
    assert [record.message for record in caplog.records] == ["a warning"]
