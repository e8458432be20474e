"""The kinds of things that have pages."""

from __future__ import annotations

import pytest

from page.entities import Kind
from page.errors import NotFound


def test_kinds() -> None:
    """Names, plurals, and one query of plays and one of day facts for each."""
    assert Kind.of("track") is Kind.TRACK
    assert [kind.plural for kind in Kind] == ["plays", "artists", "albums", "tracks", "genres", "countries"]
    assert all("weight" in kind.plays_sql for kind in Kind)
    for kind in Kind:
        assert "from marts.some_days as facts" in kind.days_sql("marts.some_days")
        assert ("$key" in kind.days_sql("marts.some_days")) is (kind is not Kind.ALL)
    with pytest.raises(NotFound):
        Kind.of("Artist")


def test_addresses_of_earlier_versions_lead_to_the_same_things() -> None:
    """A key was an md5, of which it is the first 14 digits; the unknown one is 0; a country goes by its name."""
    assert Kind.ARTIST.key_of("00000000000012000000000000000000") == "18"
    assert [Kind.TRACK.key_of(text) for text in ("18", "unknown", "nobody")] == ["18", "0", "nobody"]
    assert [Kind.COUNTRY.key_of(text) for text in ("unknown", "Iceland", "18")] == ["unknown", "Iceland", "18"]
