"""Requests of erasure: what a listener names becomes rules that match to the letter."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extract_load.core.errors import BadInput
from extract_load.erasure.rules import Rule, hashed
from extract_load.lookups.artist_aliases import refresh_aliases
from extract_load.maintenance.forget_request import ErasureRequest, rules_for
from tests.support.data_directories import DataDirectory

SALT = "0123456789abcdef"
BLANK = Rule("20261123T120000-1", "artist", SALT)


@pytest.fixture(autouse=True)
def known(filled: DataDirectory) -> None:
    """Derive who is known from the plays."""
    with filled.warehouse.open("test") as connection:
        refresh_aliases(connection)


def rules(filled: DataDirectory, request: ErasureRequest) -> list[Rule]:
    with filled.warehouse.open("test") as connection:
        return rules_for(connection, request, BLANK, filled.clock.now())


def test_an_artist_is_known_by_ids_names_and_tracks(filled: DataDirectory) -> None:
    """Whichever of them is asked for, in any case; no form of version 1 goes into a new rule."""
    alias, name = filled.rows("select alias, name from lookup.artist_aliases where alias_kind = 'spotify_id' limit 1")[
        0
    ]
    (by_name,) = rules(filled, ErasureRequest(artist=name.upper()))
    (by_id,) = rules(filled, ErasureRequest(artist=f"spotify:artist:{alias}" if len(alias) == 22 else alias))
    assert by_name.subjects == by_id.subjects
    assert hashed([f"artist:{alias}", f"artist-named:{name.casefold()}"], SALT) <= by_name.subjects
    assert not hashed([f"artist-name:{name.casefold()}"], SALT) & by_name.subjects
    assert by_name.reaches_until == filled.clock.now()


def test_a_span_ends_now_at_the_latest(filled: DataDirectory) -> None:
    """What is played later counts again."""
    now = filled.clock.now()
    (rule,) = rules(filled, ErasureRequest(reaches_from=now - timedelta(days=1), reaches_until=now + timedelta(days=1)))
    assert (rule.reaches_from, rule.reaches_until, rule.subjects) == (now - timedelta(days=1), now, frozenset())


def test_a_name_that_only_looks_alike_matches_nobody(filled: DataDirectory) -> None:
    """Merging would take it for the same; erasing asks for the name as it is written."""
    name = filled.rows("select name from lookup.artist_aliases where alias_kind = 'spotify_id' limit 1")[0][0]
    with pytest.raises(BadInput, match="No artist matches"):
        rules(filled, ErasureRequest(artist=f"{name}\u0301"))
