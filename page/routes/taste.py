"""Taste: genres over time, how they drift, how broad the listening is, decades, new against familiar."""

from __future__ import annotations

from datetime import date

from starlette.responses import Response

from page.charts.shares import Part, shares
from page.context import PageContext
from page.routes.shared import definition_of_plays
from page.views import Column, Row, View

_MONTH = Column("period_start", "Month", "month")
_COVERED = Column("coverage_pct", "Covered", "percent")
_THIRTY = "Counted with 30 seconds or more, whatever the rule of the page."


def taste(context: PageContext) -> Response:
    """Answer with the taste of the range."""
    views = (_genres(context), _drift(context), _breadth(context), _decades(context), _familiar(context))
    return context.render("views.html", f"Taste, {context.params.range_label}", views=views)


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
    columns: dict[str, list[Part]] = {}
    for row in result.rows:
        part = Part(row["family"], row["position"], float(row["share_pct"]))
        columns.setdefault(_period(row["period_start"], bucket), []).append(part)
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
            list(columns.items()),
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
    columns = (
        _MONTH,
        Column("drift", "Drift", "ratio"),
        Column("grew_most", "Grew most"),
        Column("shrank_most", "Shrank most"),
        _COVERED,
    )
    definition = f"0: the genres of the twelve months before; 1: all others. {_THIRTY}"
    return context.view(
        "taste_drift", "How the genres drift", columns, bar="drift", is_folded=True, definition=definition
    )


def _breadth(context: PageContext) -> View:
    columns = (
        _MONTH,
        Column("artists", "Artists", "number"),
        Column("tracks", "Tracks", "number"),
        Column("effective_artists", "As broad as", "number"),
        Column("top_10_pct", "Ten most heard", "percent"),
        _COVERED,
    )
    definition = f"As broad as: that many artists, each heard equally often, would be as broad. {_THIRTY}"
    return context.view(
        "taste_breadth", "How broad the listening is", columns, bar="effective_artists", is_folded=True,
        definition=definition,
    )  # fmt: skip


def _decades(context: PageContext) -> View:
    columns = (
        Column("decade", "Released in the"),
        Column("tracks", "Tracks", "number"),
        Column("plays", "Plays", "number"),
        Column("minutes", "Minutes", "minutes"),
        Column("share_pct", "Share", "percent"),
    )
    definition = f"The first release that is known of a recording; unknown stands last. {definition_of_plays(context)}"
    return context.view("decades", "Decades of release", columns, bar="share_pct", definition=definition)


def _familiar(context: PageContext) -> View:
    columns = (
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
    return context.view("taste_familiar", "New against familiar", columns, is_folded=True, definition=definition)


ROUTES = [("/taste", taste)]
