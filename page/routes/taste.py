"""Taste: genres over time, how they drift, how broad the listening is, decades, new against familiar."""

from __future__ import annotations

from datetime import date

from markupsafe import Markup
from starlette.responses import Response

from page.charts.columns import Mark, columns
from page.charts.shares import Part, shares
from page.context import PageContext
from page.formats import counted
from page.routes.shared import TICKS, definition_of_plays
from page.views import Column, Row, View

_MONTH = Column("period_start", "Month", "month")
_COVERED = Column("coverage_pct", "Covered", "percent")
_THIRTY = "Counted with 30 seconds or more, whatever the rule of the page."


def taste(context: PageContext) -> Response:
    """Answer with the taste of the range."""
    beside = (_drift(context), _breadth(context), _decades(context), _familiar(context))
    title = f"Taste, {context.params.range_label}"
    return context.render("views.html", title, views=(_genres(context),), beside=beside)


def bucket_of(days: int) -> str:
    """Return how long a column of a chart is, so that a range has at most about 60 of them."""
    return "month" if days <= 5 * 366 else "quarter" if days <= 15 * 366 else "year"


def _period(start: date, bucket: str) -> str:
    if bucket == "quarter":
        return f"Q{(start.month + 2) // 3} {start.year}"
    return f"{start:%b %Y}" if bucket == "month" else str(start.year)


def _genres(context: PageContext) -> View:
    bucket = bucket_of(context.params.days)
    result = context.query("genre_shares", bucket=bucket)
    stacks: dict[str, list[Part]] = {}
    for row in result.rows:
        part = Part(row["family"], row["position"], float(row["share_pct"]))
        stacks.setdefault(_period(row["period_start"], bucket), []).append(part)
    return context.view_of(
        result,
        _finding(result.rows),
        (
            Column("period_start", f"{bucket.capitalize()} from", "month"),
            Column("family", "Genre family"),
            Column("plays", "Plays", "number"),
            Column("minutes", "Minutes", "minutes"),
            Column("share_pct", "Share", "percent"),
        ),
        arguments={"bucket": bucket},
        is_folded=True,
        chart=shares(
            list(stacks.items()),
            _finding(result.rows),
            f"One stacked column for each {bucket}. The table below has each share.",
            "genre_shares",
        ),
        definition="Share of each genre family, six and the others as one; hatched: no genre is known. "
        + definition_of_plays(context),
    )


def _finding(rows: list[Row]) -> str:
    whole: dict[str, float] = {}
    for row in rows:
        if row["position"] < 8:
            whole[row["family"]] = whole.get(row["family"], 0.0) + float(row["plays"])
    return f"Mostly {max(whole, key=lambda name: whole[name])}" if whole else "No genre is known in this range"


def _drift(context: PageContext) -> View:
    result = context.query("taste_drift")
    most = max(result.rows, key=lambda row: row["drift"], default=None)
    title = "How the genres drift"
    if most:
        title = f"The genres changed most in {most['period_start']:%B %Y}: {most['drift']:.2f}"
    return context.view_of(
        result,
        title,
        (
            _MONTH,
            Column("drift", "Drift", "ratio"),
            Column("grew_most", "Grew most"),
            Column("shrank_most", "Shrank most"),
            _COVERED,
        ),
        is_folded=True,
        chart=_months(result.rows, "drift", title, "taste_drift", "{:.2f}") if most else None,
        empty="No month of this range has twelve known months before it.",
        definition=f"0: the genres of the twelve months before; 1: all others. {_THIRTY}",
    )


def _months(rows: list[Row], column: str, title: str, chart_id: str, write: str) -> Markup:
    """Return one column of a query as a chart by month."""
    every = max(1, -(-len(rows) // TICKS))
    marks = [
        Mark(
            f"{row['period_start']:%B %Y}: {'unknown' if row[column] is None else write.format(row[column])}",
            None if row[column] is None else float(row[column]),
            tick=f"{row['period_start']:%b %y}" if (len(rows) - 1 - place) % every == 0 else "",
        )
        for place, row in enumerate(rows)
    ]
    return columns(marks, title, "One column for each month. The table below has each value.", chart_id, write)


def _breadth(context: PageContext) -> View:
    result = context.query("taste_breadth")
    known = [row for row in result.rows if row["effective_artists"] is not None]
    title = "How broad the listening is"
    if known:
        most = max(known, key=lambda row: row["effective_artists"])
        artists = counted(round(most["effective_artists"]), "artist")
        title = f"Broadest in {most['period_start']:%B %Y}: like {artists} equally often"
    return context.view_of(
        result,
        title,
        (
            _MONTH,
            Column("artists", "Artists", "number"),
            Column("tracks", "Tracks", "number"),
            Column("effective_artists", "As broad as", "number"),
            Column("top_10_pct", "Ten most heard", "percent"),
            _COVERED,
        ),
        is_folded=True,
        chart=_months(result.rows, "effective_artists", title, "taste_breadth", "{:,.0f}") if known else None,
        definition=f"As broad as: that many artists, each heard equally often, would be as broad. {_THIRTY}",
    )


def _decades(context: PageContext) -> View:
    table = (
        Column("decade", "Released in the"),
        Column("tracks", "Tracks", "number"),
        Column("plays", "Plays", "number"),
        Column("minutes", "Minutes", "minutes"),
        Column("share_pct", "Share", "percent"),
    )
    definition = f"The first release that is known of a recording; unknown stands last. {definition_of_plays(context)}"
    return context.view("decades", "Decades of release", table, bar="share_pct", definition=definition)


def _familiar(context: PageContext) -> View:
    result = context.query("taste_familiar")
    table = (
        _MONTH,
        Column("new_artists", "New artists", "number"),
        Column("artists", "Artists", "number"),
        Column("plays_new", "Plays of new ones", "number"),
        Column("plays_recent", "of recent ones", "number"),
        Column("plays_familiar", "of familiar ones", "number"),
        Column("is_warm_up", "Too early to say", "yes_no"),
        _COVERED,
    )
    definition = (
        "New: the first play of an artist; recent: up to 30 days after it; familiar: later. In the first 90 days of "
        f"the data nearly everything looks new, so it is too early to say. {_THIRTY}"
    )
    title = "New against familiar"
    stacks = [(f"{row['period_start']:%b %Y}", _groups(row)) for row in result.rows]
    return context.view_of(
        result,
        title,
        table,
        is_folded=True,
        chart=shares(stacks, title, "One stacked column for each month. The table below has each number.", "familiar")
        if stacks
        else None,
        definition=f"Hatched: too early to say. {definition}",
    )


def _groups(row: Row) -> list[Part]:
    """Return the shares of the plays of a month: familiar, recent, new, and those that it is too early to sort."""
    plays = [row["plays_familiar"], row["plays_recent"], row["plays_new"], row["plays_masked"]]
    total = sum(plays) or 1
    names = (("familiar", 1), ("recent", 2), ("new", 3), ("too early", 9))
    return [Part(name, at, 100 * number / total) for (name, at), number in zip(names, plays, strict=True)]


ROUTES = [("/taste", taste)]
