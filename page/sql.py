"""The queries in `queries/`: read, filled with names of our own, and given their bound values.

A value from outside is always bound (`$key`), never written into a query. `{counted}`, `{plays}`, `{ms}`, `{days}`,
`{measure}`, `{other}` and `{entity}` stand for fragments of our own, chosen by an enumeration; `{shown by ..._key}`
and the like for a part in `queries/parts/` that several queries share. `pasteable` writes the values as literals, for
the duckdb command line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from page.entities import Kind
from page.errors import BadRequest, NotFound
from page.params import Measure, Params, Rule, whole_period

Value = str | int | float | date | None
LONGEST_TEXT = 200
MOST_ROWS = 1_000_000
_BOUND = re.compile(r"\$([a-z_]+)")
_NAME = re.compile(r"[a-z0-9_]{1,60}")
_PART = re.compile(r"^\{([a-z]+) by ([a-z_]+)(?: of ([a-z_]+))?\}", re.MULTILINE)
SEASONS = ("winter", "spring", "summer", "autumn")
_CHOICES = {
    "season": SEASONS,
    "bucket": ("week", "month", "quarter", "year"),
    "scope": ("overall", "artist"),
    "merges_of": ("artist", "recording"),
    "of": tuple(kind.value for kind in Kind if kind is not Kind.ALL),
}
_COUNTED = {Rule.SPOTIFY30: "plays.is_counted"}
_ANY_RANGE = "marts.fct_listening_days"
_ALL_TIME = "(select *, $from_day as date_key from marts.fct_listening_totals)"


@dataclass(frozen=True, slots=True)
class Statement:
    """A query that can be executed: its name, its text and the values of its parameters."""

    name: str
    text: str
    bound: dict[str, Value]

    def pasteable(self) -> str:
        """Return the text with its values written in, for the duckdb command line."""
        return _BOUND.sub(lambda found: literal(self.bound[found[1]]), self.text).rstrip() + ";\n"


@cache
def load(name: str) -> str:
    """Return the text of a query. Errors: NotFound when there is none of this name."""
    path = files("page").joinpath("queries", f"{name}.sql")
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound("There is no such view.")
    return _PART.sub(lambda found: _part(*found.groups(default="heard")), path.read_text(encoding="utf-8"))


def _part(name: str, number: str, things: str) -> str:
    """Return what several queries share, `queries/parts/<name>.sql`: of the rows of `things`, by a column of theirs."""
    text = files("page").joinpath("queries", "parts", f"{name}.sql").read_text(encoding="utf-8")
    return text.rstrip().replace("{number}", number).replace("{things}", things)


def statement(name: str, params: Params, arguments: Mapping[str, Value]) -> Statement:
    """Return the query `name` for the parameters of a page and further arguments.

    Errors: NotFound when there is none of this name; BadRequest when it needs an argument that is not given.
    """
    text = load(name)
    measure, other = ("plays", "ms") if params.measure is Measure.PLAYS else ("ms", "plays")
    rule, kind = params.rule, Kind(str(arguments.get("kind") or Kind.ALL))
    days = _ALL_TIME if params.is_all_time else _ANY_RANGE
    fragments = {
        "{counted}": _COUNTED.get(rule, f"plays.is_play_{rule.value} and not plays.is_excluded"),
        "{plays}": "plays" if rule is Rule.SPOTIFY30 else f"plays_{rule.value}",
        "{ms}": "ms_played" if rule is Rule.SPOTIFY30 else f"ms_{rule.value}",
        "{days}": days,
        "{measure}": measure,
        "{other}": other,
        "{entity}": kind.plays_sql,
        "{entity_days}": kind.days_sql(_ANY_RANGE),
        "{entity_sums}": kind.days_sql(days),
    }
    for sign, fragment in fragments.items():
        text = text.replace(sign, fragment)
    known = common_values(params) | dict(arguments)
    names = set(_BOUND.findall(text))
    if missing := sorted(names - known.keys()):
        raise BadRequest(f"{missing[0]}= is needed here.")
    return Statement(name, text, {key: known[key] for key in names})


def common_values(params: Params) -> dict[str, Value]:
    """Return what every query may ask for."""
    before = params.previous()
    return {
        "listener": params.listener.listener_id,
        "from_day": params.from_day,
        "to_day": params.to_day,
        "before_day": before.from_day if before else params.from_day,
        "known_until": params.listener.last_day,
        "row_limit": MOST_ROWS,
        "row_offset": 0,
        "weekday": 0,
        "hour": 24,
        "season": "",
    }


def argument(name: str, text: str) -> Value:
    """Return an argument of a query from the text of a URL. Errors: BadRequest for what it cannot be."""
    if name in {"row_limit", "row_offset", "year", "weekday", "hour"}:
        return whole_number(name, text)
    if name in {"day", "first_day", "last_day", "a_from", "a_to", "b_from", "b_to"}:
        return whole_period(text, name)[0]
    if name == "kind":
        return Kind.of(text).value
    if name in _CHOICES and text not in _CHOICES[name]:
        raise BadRequest(f"{name}: there is no such choice.", f"The choices are {', '.join(_CHOICES[name])}.")
    if len(text) > LONGEST_TEXT:
        raise BadRequest(f"{name}: this is longer than {LONGEST_TEXT} characters.")
    return text


def whole_number(name: str, text: str, most: int = MOST_ROWS) -> int:
    """Return a whole number from 0 to `most`. Errors: BadRequest for anything else, however long."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) > most:
        raise BadRequest(f"{name}: this is not a whole number from 0 to {most:,}.")
    return int(text)


def literal(value: Value) -> str:
    """Return a value as a literal of DuckDB."""
    if value is None:
        return "null"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, int | float):
        return str(value)
    return "'" + value.replace("'", "''") + "'"
