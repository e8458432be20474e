"""Addresses: the range stays in them, and nothing else gets in."""

from __future__ import annotations

from datetime import date

from page.entities import Kind
from page.links import Links, musicbrainz, spotify
from page.params import Listener, Measure, Params

LISTENER = Listener("me", date(2023, 1, 1), date(2024, 12, 31))
LINKS = Links(Params(LISTENER, date(2024, 1, 1), date(2024, 1, 31), measure=Measure.MINUTES))


def test_the_range_stays() -> None:
    """In every link, beside what the link itself asks for; what is empty is left out."""
    kept = "from=2024-01-01&to=2024-01-31&by=minutes"
    assert LINKS.to("/plays") == f"/plays?{kept}"
    assert LINKS.to("/plays", page=2, kind=None, key="") == f"/plays?{kept}&page=2"
    assert LINKS.day(date(2024, 1, 2)) == f"/day/2024-01-02?{kept}"
    assert LINKS.to("/", Params(LISTENER, LISTENER.first_day, LISTENER.last_day)) == "/"


def test_keys_are_quoted() -> None:
    """A comma, a slash, a question mark and a quote in a key stay in its path."""
    assert LINKS.entity(Kind.COUNTRY, 'a,b/c?d"e').startswith("/country/a%2Cb%2Fc%3Fd%22e?")
    assert LINKS.to("/plays", key="a&b=c d").endswith("key=a%26b%3Dc+d")


def test_only_ids_become_addresses_outside() -> None:
    """Whatever else stands where an id belongs."""
    assert spotify("track", "4uLU6hMCjMI75M1A2tKUQ7") == "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQ7"
    assert musicbrainz("8dd98bdc-80ec-4e93-8509-2f46bafc09a7") is not None
    for bad in (None, "", "javascript:alert(1)", "4uLU6hMCjMI75M1A2tKUQ7\n", "../x"):
        assert spotify("track", bad) is None
        assert musicbrainz(bad) is None
