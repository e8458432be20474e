"""Redaction: personal data goes, everything else stays as it was."""

from __future__ import annotations

import logging

import pytest

from extract_load.core.redaction import REMOVED, TOO_DEEP, is_personal, quiet_libraries, redact, redact_text


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


@pytest.mark.parametrize(
    "value",
    [
        *("192.0.2.17", "192.0.2.17:51234", " 203.0.113.9 ", "2001:db8::1", "[2001:db8::1]:443", "::ffff:192.0.2.1"),
        *("jane@example.org", "mailto:jane.doe+music@mail.example.co.uk"),
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    ],
)
@pytest.mark.parametrize("key", ["client", "conn", "x", "via"])
def test_a_personal_value_goes_whatever_its_key(key: str, value: str) -> None:
    """Also inside lists and objects; its place stays."""
    assert redact({key: value, "ts": 1}) == {key: REMOVED, "ts": 1}
    assert redact([{key: [value, "kept"]}]) == [{key: [REMOVED, "kept"]}]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("name", "127.0.0.1"), ("master_metadata_track_name", "192.168.1.1"), ("trackName", "a@b.com")),
        *(("title", "user@example.com"), ("query", 'artist:"10.0.0.1"'), ("platform", "web_player windows 10;chrome")),
        *(("ts", "2026-11-27T12:30:45Z"), ("offset", "12:30:45"), ("version", "1.2.3"), ("v", "999.1.1.1")),
        *(("uri", "spotify:track:6hgoYQDUcPyCz7LcTUHKxa"), ("href", "https://api.spotify.com/v1/tracks/1")),
        *(("isrc", "USUM71703861"), ("mbid", "a74b1b7f-71a5-4011-9441-d0b5e4122711"), ("text", "write to a@b.org")),
    ],
)
def test_what_only_looks_like_one_stays(key: str, value: str) -> None:
    """Songs and bands may be called like an address; times, versions and ids are none."""
    assert redact({key: value}) == {key: value}


@pytest.mark.parametrize("name", ["extract_load.x", "orchestrate.y"])
def test_a_log_line_of_ours_can_not_be_forged(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """What is filled in has no escape sequences, and its further lines are indented; numbers stay numbers."""
    quiet_libraries()
    with caplog.at_level(logging.INFO, logger=name):
        logging.getLogger(name).info("%s: %d of %.1f", "a\x1b[31mb\nERROR all is lost", 3, 1.5)
        logging.getLogger(name).info("%s", ValueError("c\x07d"))
    assert [record.getMessage() for record in caplog.records] == ["ab\n  ERROR all is lost: 3 of 1.5", "c d"]
