"""The template of well-formed rows: matches only what the row parser would keep, without the personal parts."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from extract_load.spotify.history_import.row_template import Template, learn_template
from tests.support.exports import old_row, row, text_of

LAST_DAY = date(2026, 11, 23)


def template_of(sample: dict[str, Any]) -> Template:
    """Return the template of a row that has one."""
    template = learn_template(text_of([sample])[1:-1], "ts", LAST_DAY)
    assert template is not None
    return template


def matched(template: Template, *rows: dict[str, Any]) -> list[Any]:
    """Return the lines that the template takes from a list of rows."""
    lines: list[bytes] = []
    template.take(text_of(rows), 1, lines)
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("make", [row, old_row])
def test_rows_of_one_kind_are_matched_without_their_personal_parts(make: Any) -> None:
    """Old and new rows, one after another, in their order."""
    personal = {"ip_addr", "ip_addr_decrypted", "username", "user_agent_decrypted"}
    rows = [make(number) for number in range(5)]
    expected = [{key: value for key, value in one.items() if key not in personal} for one in rows]
    assert matched(template_of(make(0)), *rows) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"ts": "2024-02-30T00:00:00Z"},
        {"ts": "2005-01-01T00:00:00Z"},
        {"ts": "2026-11-24T00:00:00Z"},
        {"ms_played": -1},
        {"ms_played": "5"},
        {"shuffle": "yes"},
        {"spotify_track_uri": "spotify:user:someone"},
        {"master_metadata_track_name": "spotify:user:someone"},
        {"new_key": 1},
    ],
)
def test_a_row_that_has_to_be_examined_is_left_to_the_row_parser(changes: dict[str, Any]) -> None:
    """The template stops before it, and takes the rows before."""
    assert len(matched(template_of(row(0)), row(0), row(1, **changes), row(2))) == 1


@pytest.mark.parametrize("changes", [{"ts": "2026-11-23T23:59:59Z"}, {"ts": "2006-01-01T00:00:00Z"}])
def test_the_first_and_the_last_possible_day_match(changes: dict[str, Any]) -> None:
    """The bounds belong to what is possible."""
    assert len(matched(template_of(row(0)), row(0, **changes))) == 1


@pytest.mark.parametrize(
    "content", [b"{}", b"{", text_of([row(0, other={"a": 1})])[1:-1], b'{"ms_played":1,"shuffle":null}']
)
def test_an_unknown_kind_of_row_has_no_template(content: bytes) -> None:
    """No row, a nested value under an unknown key, no time."""
    assert learn_template(content, "ts", LAST_DAY) is None


ODD = ["high", None, True, 5, -1.5e3, "", "2024-05-01T10:00:00.123Z", "a:b:c", "8.9.12.545", "Grüße", 'a"b', "10:00:00"]
PERSONAL = [
    "203.0.113.7",
    "x 203.0.113.7:80",
    "2001:db8::1",
    "fe80::",
    "a@b.example",
    "52.5200, 13.4050",
    "Mozilla/5.0",
]


@pytest.mark.parametrize("value", ODD)
def test_an_unknown_key_with_a_plain_value_is_kept_by_the_template(value: object) -> None:
    """Whatever Spotify adds next costs nothing, and stays."""
    rows = [row(number, next_year=value) for number in range(3)]
    found = matched(template_of(row(0, next_year="x")), *rows)
    assert [one["next_year"] for one in found] == [value] * 3


@pytest.mark.parametrize("value", [*PERSONAL, {"a": 1}, [1]])
def test_an_unknown_key_with_a_personal_or_a_nested_value_is_left_to_the_row_parser(value: object) -> None:
    """The template stops before it."""
    assert len(matched(template_of(row(0, next_year="x")), row(0, next_year="x"), row(1, next_year=value))) == 1


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_personal_keys_leave_wherever_they_stand(place: str) -> None:
    """First, between or last in a row, with values of any kind."""
    personal = {"latitude": 52.52, "city": "Berlin", "metro_code": None}
    base = row(0)
    made = {
        "first": {**personal, **base},
        "middle": {"ts": base["ts"], **personal, **base},
        "last": {**base, **personal},
    }[place]
    expected = {key: value for key, value in base.items() if key != "ip_addr"}
    assert matched(template_of(made), made, made) == [expected, expected]


def test_outside_of_a_list_no_comma_is_needed() -> None:
    """One object a line."""
    template = learn_template(text_of([row(0)])[1:-1], "ts", LAST_DAY, in_list=False)
    assert template is not None
    text = b"\n".join(text_of([row(number)])[1:-1] for number in range(4))
    lines: list[bytes] = []
    assert template.take(text, 0, lines) == len(text)
    assert len(lines) == 4
