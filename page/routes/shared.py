"""Views that several pages show."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from page.charts.columns import Mark, columns
from page.context import PageContext
from page.database import Result
from page.entities import Kind
from page.formats import counted, measured, minutes, number
from page.params import Measure
from page.sql import Value
from page.views import Column, Row, View

TICKS = 8
_DEFINITIONS = {
    Kind.ARTIST: "A play counts for the first artist of its track.",
    Kind.TRACK: "One song under several Spotify ids is one track.",
    Kind.ALBUM: "A play counts for the album that it was played from.",
    Kind.GENRE: "A play is shared out among the genres of its artist, as MusicBrainz's tags weigh them.",
    Kind.COUNTRY: "A play counts for the country that its artist comes from.",
}


def definition_of_plays(context: PageContext) -> str:
    """Return what counts as a play under the rule of the page."""
    return f"A play counts with {context.params.rule.label}. What your seeds exclude is left out."


def name_column(context: PageContext, kind: Kind) -> Column:
    """Return the column of the name of a thing, which leads to its page."""
    return Column("name", kind.value.capitalize(), link=lambda row: context.links.entity(kind, row["key"]))


def artist_column(context: PageContext) -> Column:
    """Return the column of the artist of a track or an album."""
    return Column("artist_name", "Artist", link=lambda row: context.links.entity(Kind.ARTIST, row["artist_key"]))


def measures() -> tuple[Column, ...]:
    """Return plays, minutes and share: every list has all three."""
    return (
        Column("plays", "Plays", "number"),
        Column("minutes", "Minutes", "minutes"),
        Column("share_pct", "Share", "percent"),
    )


def list_columns(context: PageContext, kind: Kind) -> tuple[Column, ...]:
    """Return the columns of a list of things of a kind."""
    beside: dict[Kind, tuple[Column, ...]] = {
        Kind.ARTIST: (
            Column("country_name", "Country", link=lambda row: _country(context, row)),
        ),
        Kind.TRACK: (artist_column(context),),
        Kind.ALBUM: (artist_column(context),),
        Kind.GENRE: (Column("genre_family", "Family"),),
    }  # fmt: skip
    return (name_column(context, kind), *beside.get(kind, ()), *measures())


def _country(context: PageContext, row: Row) -> str | None:
    name = row["country_name"]
    return context.links.entity(Kind.COUNTRY, name) if name else None


def top_view(context: PageContext, kind: Kind, **options: Any) -> View:
    """Return the top list of a kind in the range."""
    label = context.params.measure.value
    title = f"Top {kind.plural} by {label}"
    definition = f"{_DEFINITIONS[kind]} {definition_of_plays(context)}"
    columns_ = list_columns(context, kind)
    bar = "plays" if context.params.measure is Measure.PLAYS else "minutes"
    return context.view(f"top_{kind.plural}", title, columns_, definition=definition, bar=bar, **options)


def month_view(context: PageContext, query: str, **arguments: Value) -> View:
    """Return the months of the range as columns with their table."""
    result = context.query(query, **arguments)
    measure = context.params.measure.value
    return context.view_of(
        result,
        _months_title(result, measure),
        (
            Column("month_start", "Month", "month", link=lambda row: _plays_of_month(context, row, arguments)),
            Column("plays", "Plays", "number"),
            Column("minutes", "Minutes", "minutes"),
            Column("coverage_pct", "Covered", "percent"),
        ),
        arguments=arguments,
        chart=_months_chart(result, measure, query, lambda row: _plays_of_month(context, row, arguments))
        if result.rows
        else None,
        is_folded=True,
        definition=f"{measure.capitalize()} by month, local time; hatched where less than half is covered and nothing "
        f"was heard. {_unfinished(context)}{definition_of_plays(context)}",
    )


def _unfinished(context: PageContext) -> str:
    """Return which months of the range are not whole, as a sentence."""
    known = context.params.listener
    first, last = max(context.params.from_day, known.first_day), min(context.params.to_day, known.last_day)
    is_cut = last.day < monthrange(last.year, last.month)[1]
    if first > last:
        return ""
    if (first.year, first.month) == (last.year, last.month) and first.day > 1 and is_cut:
        days = f"day {first.day}" if first == last else f"days {first.day} to {last.day}"
        return f"Of {first:%B %Y} only {days}. "
    parts = []
    if first.day > 1:
        parts.append(f"{first:%B %Y} begins on day {first.day}")
    if is_cut:
        parts.append(f"{last:%B %Y} ends on day {last.day}")
    return f"{' and '.join(parts)}. " if parts else ""


def _plays_of_month(context: PageContext, row: Row, arguments: dict[str, Value]) -> str:
    """Return the address of the plays behind one month, cut to the range of the page."""
    start: date = row["month_start"]
    end = start.replace(day=monthrange(start.year, start.month)[1])
    params = context.params
    first, last = max(start, params.from_day), min(end, params.to_day)
    return context.links.to("/plays", replace(params, from_day=first, to_day=last), **arguments)


def _months_title(result: Result, measure: str) -> str:
    known = [row for row in result.rows if row[measure]]
    if not known:
        return "Nothing was heard in this range"
    best = max(known, key=lambda row: float(row[measure]))
    write = number if measure == "plays" else minutes
    what = f"Most {measure}" if len(result.rows) > 1 else measure.capitalize()
    return f"{what} in {best['month_start']:%B %Y}: {write(best[measure])}"


def _months_chart(result: Result, measure: str, chart_id: str, link: Callable[[Row], str]) -> Any:
    every = max(1, -(-len(result.rows) // TICKS))
    marks = [
        Mark(
            f"{row['month_start']:%B %Y}: {measured(row[measure], measure)}",
            None if row[measure] is None else float(row[measure]),
            url=link(row),
            tick=f"{row['month_start']:%b %y}" if (len(result.rows) - 1 - place) % every == 0 else "",
        )
        for place, row in enumerate(result.rows)
    ]
    months = counted(len(marks), "month")
    description = f"One column for each of {months}, in {measure}. The table below has each value."
    return columns(marks, _months_title(result, measure), description, chart_id)


def plays_view(context: PageContext, **options: Any) -> View:
    """Return plays, newest first."""
    columns_ = (
        Column("started_at", "Started", "moment", link=lambda row: context.links.day(row["started_at"].date())),
        Column("track_name", "Track", link=lambda row: context.links.entity(Kind.TRACK, row["recording_key"])),
        artist_column(context),
        Column("album_name", "Album", link=lambda row: context.links.entity(Kind.ALBUM, row["album_key"])),
        Column("minutes", "Minutes", "minutes"),
        Column("time_grade", "Time known"),
    )
    options.setdefault("more_label", "All plays")
    options.setdefault("title", "Newest plays")
    title = options.pop("title")
    definition = f"Local time. {definition_of_plays(context)}"
    return context.view("plays", title, columns_, definition=definition, **options)
