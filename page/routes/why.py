"""Why a number differs: one year by every rule, in steps, and what became of each row of each source."""

from __future__ import annotations

from starlette.responses import Response

from page.context import PageContext
from page.params import whole_period
from page.views import Column, View


def why(context: PageContext) -> Response:
    """Answer with the steps of one year. Errors: BadRequest for what is no year."""
    known = context.params.listener
    year = whole_period(context.text("year"), "year")[0].year if context.text("year") else known.last_day.year
    rules = context.view(
        "why_rules",
        f"{year}, counted by each rule",
        (
            Column("rule", "Rule"),
            Column("plays", "Plays", "number"),
            Column("minutes", "Minutes", "minutes"),
            Column("definition", "What it counts"),
        ),
        arguments={"year": year},
        bar="plays",
        empty="Nothing is known of this year.",
        definition="From all plays to the numbers that Spotify's Wrapped and Last.fm would come to with their rules.",
    )
    tabs = [
        (str(one), context.links.to("/why", year=one), one == year)
        for one in range(known.last_day.year, known.first_day.year - 1, -1)
    ]
    title = f"Why my number of {year} differs"
    return context.render("views.html", title, has_range=False, views=(rules, _rows(context)), tabs=tabs)


def _rows(context: PageContext) -> View:
    """Return what became of each row of each source."""
    return context.view(
        "why_rows",
        "What became of every row",
        (
            Column("source", "Source"),
            Column("fate", "Became"),
            Column("content_kind", "Kind"),
            Column("rows_with_fate", "Rows", "number"),
            Column("plays", "Plays", "number"),
            Column("first_at", "First", "moment"),
            Column("last_at", "Last", "moment"),
            Column("source_file", "File"),
        ),
        arguments={"row_limit": 500},
        empty="The published file names no row.",
        definition="UTC. Every row of an export and of a poll is counted or left out for one reason; of all time.",
    )


ROUTES = [("/why", why)]
