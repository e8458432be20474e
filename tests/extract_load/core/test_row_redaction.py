"""Rows of exports: unknown keys that are personal by name or by value leave, plain ones stay."""

from __future__ import annotations

import pytest

from extract_load.core.row_redaction import holds_personal, is_personal_in_row, redact_row


@pytest.mark.parametrize(
    "key",
    [
        *(
            "latitude",
            "Longitude",
            "lat",
            "geo_lng",
            "city",
            "userCity",
            "region",
            "metro_code",
            "zip_code",
            "postalCode",
        ),
        *("device_id", "deviceIdentifier", "client_ip", "userAgent", "e_mail_address", "user_id", "accountName", "gps"),
        *("latlong", "geoip_city", "lattitude", "longtitude", "latitud", "macAddress", "home_address", "network_name"),
    ],
)
def test_an_unknown_key_is_personal_by_its_name(key: str) -> None:
    """Who, from where, with which device; whatever the style of the name."""
    assert is_personal_in_row(key)


@pytest.mark.parametrize(
    "key", ["audio_quality", "device_type", "user", "address", "playlist_name", "bitrate", "tip", "platitude", "mode"]
)
def test_a_harmless_key_stays(key: str) -> None:
    """Also when it resembles a part of a personal one."""
    assert not is_personal_in_row(key)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "203.0.113.7",
            "from 203.0.113.7:443",
            "2001:db8::1",
            "::ffff:203.0.113.7",
            "jane@example.org",
            [52.52, 13.41],
        ),
        *("52.5200, 13.4050", "(52.52;13.40)", "Mozilla/5.0 (X11)", "aa:bb:cc:dd:ee:ff", ["198.51.100.1"]),
        *('say "hi" 203.0.113.7', "203.0.113.007", "x" * 5000 + " 203.0.113.7", "AA-BB-CC-DD-EE-FF", "a Mozilla/5.0"),
        *("lat=52.52 lon=13.41", "52,5200; 13,4050", "52°31'12\"N", "Spotify/8.6 Android/29 (SM-G973F)"),
        *([52, 13.5], [52.52, 13.41, 34.0], ["52.52", "13.41"]),
    ],
)
def test_a_value_is_personal_by_what_it_is(value: object) -> None:
    """Addresses, mail addresses, coordinates, agents; alone or within a text."""
    assert holds_personal(value)


@pytest.mark.parametrize(
    "value",
    [
        "high",
        "8.9.12.545",
        "10:00:00",
        "2024-05-01T10:00:00.123Z",
        5,
        1.5,
        None,
        [1, 2],
        "a@b",
        "spotify:track:x",
        [1, "2.5"],
        "1.5x",
        [200.5, 1.0],
    ],
)
def test_a_plain_value_stays(value: object) -> None:
    """Versions, times and numbers."""
    assert not holds_personal(value)


def test_a_row_loses_what_is_personal_at_any_depth() -> None:
    """Nested objects and lists as well; the rest keeps its order."""
    more = {"lat": 1.0, "ok": [1, {"ip": "y", "z": 2}], "hops": [1, "203.0.113.7"]}
    row = {"ts": "x", "city": "Berlin", "more": more}
    assert redact_row(row, is_personal_in_row) == {"ts": "x", "more": {"ok": [1, {"z": 2}]}}
