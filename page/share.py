"""The share bundle: aggregates only, fit to be shown to others.

Always holds: no time of day, no day, no device, no country of streaming, nothing that a seed excludes, and no cell of
fewer than five plays; smaller ones are added up in one line without a name. The queries are those of the pages.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from page.database import Cursor, Database
from page.formats import minutes, number
from page.params import Listener, Params
from page.rendering import environment
from page.sql import statement

LEAST_PLAYS = 5
_LISTED = 50


@dataclass(frozen=True, slots=True)
class SharedTable:
    """One table: its title, the names of its columns, and rows of text."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


def share_pages(database: Database) -> dict[str, str]:
    """Return the text of each page by its address: all time, and each year."""
    with database.cursor() as cursor:
        if not cursor.facts.listeners:
            return {"/": _page(cursor, "all time", [], {})}
        listener = cursor.facts.listeners[0]
        years = range(listener.last_day.year, listener.first_day.year - 1, -1)
        spans = {"/": (_whole(listener), "all time")}
        for year in years:
            spans[f"/year/{year}"] = Params(listener, date(year, 1, 1), date(year, 12, 31)), str(year)
        links = {label: address for address, (_, label) in spans.items()}
        return {address: _page(cursor, label, _tables(cursor, params), links)
                for address, (params, label) in spans.items()}  # fmt: skip


def _whole(listener: Listener) -> Params:
    """Return whole months from the first to the last, so that no bound tells a day."""
    last = listener.last_day.replace(day=monthrange(listener.last_day.year, listener.last_day.month)[1])
    return Params(listener, listener.first_day.replace(day=1), last)


def _page(cursor: Cursor, label: str, tables: list[SharedTable], links: dict[str, str]) -> Markup:
    template = environment().get_template("share.html")
    return Markup(template.render(title=f"Listening, {label}", tables=tables, links=links, facts=cursor.facts))


def _tables(cursor: Cursor, params: Params) -> list[SharedTable]:
    """Return the tables of one range."""
    tables = []
    for plural in ("artists", "tracks", "albums", "genres", "countries"):
        rows = cursor.fetch(statement(f"top_{plural}", params, {})).rows
        named = [(_name(row), row) for row in rows]
        tables.append(SharedTable(f"Top {plural}", ("Name", "Plays", "Minutes"), merged(named)))
    months = cursor.fetch(statement("months", params, {})).rows
    named = [(f"{row['month_start']:%B %Y}", row) for row in months if row["plays"]]
    tables.append(SharedTable("Months", ("Month", "Plays", "Minutes"), merged(named, _LISTED * 12)))
    decades = cursor.fetch(statement("decades", params, {})).rows
    named = [(row["decade"], row) for row in decades]
    tables.append(SharedTable("Decades of release", ("Decade", "Plays", "Minutes"), merged(named)))
    return tables


def _name(row: dict[str, Any]) -> str:
    return f"{row['name']}, {row['artist_name']}" if "artist_name" in row else str(row["name"])


def merged(rows: list[tuple[str, dict[str, Any]]], most: int = _LISTED) -> list[tuple[str, ...]]:
    """Return rows as text; those beyond the first `most` and those under five plays are one line, itself at least five.

    When the rest itself has fewer than five plays it is left out: a whole less the shown would tell it otherwise.
    """
    shown = [(name, row) for name, row in rows if row["plays"] >= LEAST_PLAYS]
    kept, rest = shown[:most], [*shown[most:], *((name, row) for name, row in rows if row["plays"] < LEAST_PLAYS)]
    lines: list[tuple[str, ...]] = [
        (name, number(float(row["plays"])), minutes(float(row["minutes"]))) for name, row in kept
    ]
    plays = sum(float(row["plays"]) for _, row in rest)
    if plays >= LEAST_PLAYS:
        lines.append(("all others", number(round(plays, 1)), minutes(sum(float(row["minutes"]) for _, row in rest))))
    return lines
