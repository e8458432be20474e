"""How complete the numbers are: what is covered, what is measured, and what would close the gaps."""

from __future__ import annotations

from starlette.responses import Response

from page.context import PageContext
from page.routes.shared import definition_of_plays
from page.views import Column

_QUALITY = (
    ("exact_pct", "have their exact time and length from an export"),
    ("bounded_pct", "are in an export, heard offline: when they ended is only known within bounds"),
    ("assumed_pct", "are known from polls alone; their length is assumed"),
    ("looked_up_pct", "are of tracks that were looked up at Spotify"),
    ("country_known_pct", "are of artists whose country is known"),
    ("genre_known_pct", "are of artists with a genre"),
    ("release_known_pct", "are of recordings whose release year is known"),
)


def completeness(context: PageContext) -> Response:
    """Answer with the completeness of the range."""
    months = context.view(
        "coverage_months",
        "How much of each month is covered",
        (
            Column("month_start", "Month", "month"),
            Column("coverage_pct", "Covered", "percent"),
            Column("exports_pct", "By exports", "percent"),
            Column("polls_pct", "By polls", "percent"),
            Column("days_under_half", "Days less than half covered", "number"),
        ),
        bar="coverage_pct",
        empty="Nothing is known of this range.",
        definition="Covered: the time between two overlapping polls, and from the first to the last play of an export.",
    )
    gaps = context.view(
        "poll_gaps",
        "Gaps between polls",
        (
            Column("gap_from", "Nothing known from", "moment"),
            Column("gap_until", "Until", "moment"),
            Column("gap_minutes", "Minutes", "minutes"),
            Column("is_closed", "Closed by an export", "yes_no"),
        ),
        empty="No gap between polls touches this range.",
        definition="UTC. A gap is a full page of 50 new plays: older ones may be missing. An export that was asked for "
        "after the end of a gap closes it.",
    )
    return context.render(
        "completeness.html",
        f"Completeness, {context.params.range_label}",
        quality=context.query("quality"),
        quality_lines=_QUALITY,
        quality_sql=context.links.to("/data/quality.sql"),
        coverage_sql=context.links.to("/data/coverage.sql"),
        definition=definition_of_plays(context),
        months=months,
        gaps=gaps,
        has_open_gaps=any(not row["is_closed"] for row in gaps.rows),
    )


ROUTES = [("/completeness", completeness)]
