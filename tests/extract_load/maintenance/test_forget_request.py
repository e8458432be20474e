"""Requests of erasure: what a listener names becomes rules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extract_load.core.errors import BadInput
from extract_load.erasure.rules import Rule
from extract_load.maintenance.forget_request import Wish, rules_for
from tests.support.data_directories import DataDirectory

BLANK = Rule("20261123T120000-1", "artist", "0123456789abcdef")


def rules(filled: DataDirectory, wish: Wish) -> list[Rule]:
    with filled.warehouse.open("test") as connection:
        return rules_for(connection, wish, BLANK, filled.clock.now())


def test_a_span_ends_now_at_the_latest(filled: DataDirectory) -> None:
    """What is played later counts again."""
    now = filled.clock.now()
    (rule,) = rules(filled, Wish(reaches_from=now - timedelta(days=1), reaches_until=now + timedelta(days=1)))
    assert (rule.reaches_from, rule.reaches_until, rule.subjects) == (now - timedelta(days=1), now, frozenset())


def test_a_name_that_nobody_has_is_refused(filled: DataDirectory) -> None:
    """Nothing is erased by guessing."""
    with pytest.raises(BadInput):
        rules(filled, Wish(artist="Nobody of that name"))
