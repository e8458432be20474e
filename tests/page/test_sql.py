"""Queries: bound values, fragments of our own, and text to paste."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

import page
from page.errors import BadRequest, NotFound
from page.params import Listener, Measure, Params, Rule
from page.sql import argument, common_values, literal, load, statement, whole_number

QUERIES = sorted(path.stem for path in (Path(page.__file__).parent / "queries").glob("*.sql"))
PARAMS = Params(Listener("me", date(2023, 1, 1), date(2024, 1, 1)), date(2023, 1, 1), date(2023, 12, 31))
DAYS = ("day", "first_day", "last_day", "a_from", "a_to", "b_from", "b_to")
ANY = {
    **dict.fromkeys(DAYS, date(2024, 1, 1)),
    "key": "k",
    "search": "s",
    "bucket": "month",
    "scope": "overall",
    "of": "track",
    "year": 2024,
}


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_says_what_it_is_and_leaves_no_sign_open(name: str) -> None:
    """Its first line is a comment; each placeholder is filled, each parameter bound."""
    assert load(name).startswith("-- ")
    for kind in ("all", "artist", "genre"):
        others = dict.fromkeys(re.findall(r"\$(\w+)", load(name)), "x")
        made = statement(name, PARAMS, {**others, **common_values(PARAMS), **ANY, "kind": kind})
        assert "{" not in made.text
        assert "$" not in made.pasteable()


def test_rule_and_measure_choose_fragments() -> None:
    """They come from an enumeration, so nothing from outside is in the text."""
    asked = Params(PARAMS.listener, PARAMS.from_day, PARAMS.to_day, Rule.LASTFM, Measure.MINUTES)
    made = statement("top_artists", asked, {})
    assert "plays.is_play_lastfm and not plays.is_excluded" in statement("plays", asked, {}).text
    assert "sum(days.plays_lastfm)" in made.text
    assert "plays.is_counted" in statement("plays", PARAMS, {}).text
    assert "order by is_apart, ms desc, plays desc" in made.text


def test_an_argument_that_is_missing_is_named() -> None:
    """And so is a query that is none."""
    with pytest.raises(BadRequest, match="key"):
        statement("about_artist", PARAMS, {})
    for name in ("nothing", "../totals", "Totals", "a" * 100):
        with pytest.raises(NotFound):
            load(name)


@given(st.text())
def test_a_literal_is_read_back_as_it_was(text: str) -> None:
    """Whatever stands in a name, pasted SQL means that name."""
    if "\0" in text or not text.isprintable():
        return
    assert duckdb.sql(f"select {literal(text)}").fetchall() == [(text,)]


def test_other_literals() -> None:
    """Dates, numbers, nothing."""
    assert (literal(date(2024, 3, 1)), literal(7), literal(None)) == ("date '2024-03-01'", "7", "null")


def test_arguments_have_their_types() -> None:
    """And limits: a number too long to parse, a text too long to ask for."""
    assert argument("day", "2024-03-01") == date(2024, 3, 1)
    assert argument("hour", "7") == 7
    assert argument("key", "a,b") == "a,b"
    assert argument("kind", "genre") == "genre"
    for name, text in (("hour", "9" * 5000), ("hour", "-1"), ("key", "x" * 201), ("day", "no"), ("row_limit", "٣")):
        with pytest.raises(BadRequest):
            argument(name, text)
    with pytest.raises(NotFound):
        argument("kind", "planet")
    with pytest.raises(BadRequest):
        whole_number("page", "21", most=20)
