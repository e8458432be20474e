"""One reading of an instant: every form that tools write, impossible ones, and the same answer in Python and in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract_load.core.instants import parse_instant, parse_instant_sql

TEN = datetime(2024, 5, 1, 10)
FORMS = [
    *("2024-05-01T10:00:00Z", "2024-05-01 10:00:00", "2024-05-01T10:00:00", "2024-05-01 10:00", "2024-05-01T10:00:00z"),
    *("2024-05-01T12:00:00+02:00", "2024-05-01T12:00:00+0200", "2024-05-01T12:00+02", "2024-05-01 12:00:00 +0200"),
    *("2024-05-01T04:30:00-05:30", "2024-05-01T10:00:00.000Z", "2024-05-01T10:00:00.000000+00:00"),
    *("2024-05-01 10:00:00 UTC", "2024-05-01 10:00:00 GMT", " 2024-05-01T10:00:00Z\n", "20240501T100000Z"),
    *("20240501T120000+0200", "2024/05/01 10:00:00", "2024-5-1 10:00", "2024-05-01t10:00:00,000Z"),
    *("1714557600", "1714557600.0", "1.7145576e9", "1714557600000", "1714557600000.0", "1.7145576E+12"),
    *("1714557600000000", "1714557600000000000", 1714557600, 1714557600.0, 1714557600000, 1714557600000000000),
]
NONE = [
    *("", " ", "x", "null", "2024-02-30T00:00:00Z", "2024-13-01T00:00:00Z", "2024-05-01T24:00:00Z", "true"),
    *("2024-05-01T10:60:00Z", "2024-05-01T10:00:61Z", "2024-05-01T10:00:00+99:00", "2024-05-01T10:00:00+02:60"),
    *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+02:00", "9999-12-31T23:30:00-01:00", "-1-01-01", "2024-05-01Tx"),
    *("2024", "20240501", "0", "-1714557600", "1e99", "1" * 400, "NaN", "inf", "17145576000", "٢٠٢٤-٠٥-٠١"),
    *(True, None, [], {}, 0, 2024, -1, 10**400, float("nan"), float("inf"), 1e308, "2024-05-01T10:00:00Z x"),
]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return an empty database in memory."""
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def in_sql(connection: duckdb.DuckDBPyConnection, text: str) -> datetime | None:
    """Return what the SQL expression makes of a text."""
    [(found,)] = connection.execute(f"select {parse_instant_sql('$text')}", {"text": text}).fetchall()
    assert found is None or isinstance(found, datetime)
    return found


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_every_form_is_the_same_instant(form: object, connection: duckdb.DuckDBPyConnection) -> None:
    """Ten o'clock UTC, however it is written."""
    assert parse_instant(form) == TEN
    assert in_sql(connection, str(form)) == TEN


@pytest.mark.parametrize("form", NONE, ids=lambda form: repr(form)[:30])
def test_what_says_no_instant_is_none(form: object, connection: duckdb.DuckDBPyConnection) -> None:
    """Impossible days, hours and offsets, years, counters, and what is neither text nor number."""
    assert parse_instant(form) is None
    if isinstance(form, str):
        assert in_sql(connection, form) is None


def test_fractions_are_cut_to_microseconds(connection: duckdb.DuckDBPyConnection) -> None:
    """Never rounded up: a play does not end later than it was said."""
    for text, microsecond in (
        ("2024-05-01T10:00:00.9999999Z", 999999),
        ("2024-05-01T10:00:00.12", 120000),
        ("1714557600.123456", 123456),
        ("1714557600123.4567", 123456),
        ("1714557600123456789", 123456),
    ):
        assert parse_instant(text) == TEN.replace(microsecond=microsecond)
        assert in_sql(connection, text) == TEN.replace(microsecond=microsecond)


def test_a_datetime_becomes_naive_utc() -> None:
    """With its offset taken off; a naive one is UTC already."""
    assert parse_instant(datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2)))) == TEN
    assert parse_instant(TEN) == TEN
    assert parse_instant(datetime.min.replace(tzinfo=timezone(timedelta(hours=2)))) is None


def test_a_date_is_its_first_second() -> None:
    """As DuckDB reads it, too."""
    assert parse_instant("2024-05-01") == datetime(2024, 5, 1)


offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59)
times = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29))


@settings(max_examples=100, deadline=None, database=None)
@given(times, offsets, st.sampled_from(["T", " "]), st.sampled_from(["auto", "minutes", "milliseconds"]))
def test_any_offset_comes_back_as_the_same_instant(at: datetime, minutes: int, separator: str, precision: str) -> None:
    """What Python writes with an offset is read as the instant that it stands for."""
    there = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = there.isoformat(separator, precision)
    expected = datetime.fromisoformat(text).replace(tzinfo=None) - timedelta(minutes=minutes)
    assert parse_instant(text) == expected


pieces = st.sampled_from(
    [
        *"0123456789-+:./,TtZz eE",
        "2024",
        "05",
        "12:30",
        "+02:00",
        "UTC",
        "\n",
        "20240501T100000",
        "1714557600",
        "٣",
        "é",
    ]
)
texts = st.one_of(
    st.text(max_size=25),
    st.lists(pieces, max_size=12).map("".join),
    st.floats(allow_nan=False).map(repr),
    st.integers(10**8, 10**20).map(str),
    st.builds(
        lambda at, rest: at.isoformat() + rest, times, st.sampled_from(["", "Z", "+02:00", "-0930", " +01", "x"])
    ),
)


@settings(max_examples=100, deadline=None, database=None)
@given(st.lists(texts, min_size=1, max_size=20))
def test_python_and_sql_agree(connection: duckdb.DuckDBPyConnection, given_texts: list[str]) -> None:
    """On every text, sensible or not."""
    found = connection.execute(
        f"select {parse_instant_sql('text')} from (select unnest($texts) as text, unnest(range(len($texts))) as n)"
        " order by n",
        {"texts": given_texts},
    ).fetchall()
    assert [row[0] for row in found] == [parse_instant(text) for text in given_texts]
