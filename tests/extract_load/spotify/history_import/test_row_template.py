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


@pytest.mark.parametrize("content", [b"{}", b"{", text_of([row(0, other=1)])[1:-1], b'{"ms_played":1,"shuffle":null}'])
def test_an_unknown_kind_of_row_has_no_template(content: bytes) -> None:
    """No row, unknown keys, no time."""
    assert learn_template(content, "ts", LAST_DAY) is None
