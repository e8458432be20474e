"""Finds: discoveries that were kept, comebacks, what was heard once, favourites that are forgotten."""

from __future__ import annotations

from starlette.responses import Response

from page.context import PageContext
from page.entities import Kind
from page.formats import counted
from page.views import Column, Row, View

LISTED = 50


def finds(context: PageContext) -> Response:
    """Answer with the finds of the range."""
    views = (discovered(context, LISTED), _comebacks(context), _forgotten(context), _once(context))
    return context.render("views.html", f"Finds, {context.params.range_label}", views=views)


def artist_link(context: PageContext, key: str) -> Column:
    """Return the column of an artist's name whose key is in another column."""
    name = {"key": "name", "artist_key": "artist_name"}[key]
    return Column(name, "Artist", link=lambda row: context.links.entity(Kind.ARTIST, row[key]))


def track_link(context: PageContext) -> Column:
    """Return the column of a track's name."""
    return Column("track_name", "Track", link=lambda row: context.links.entity(Kind.TRACK, row["recording_key"]))


def discovered(context: PageContext, most: int) -> View:
    """Return the artists that were heard for the first time in the range, the kept ones first."""
    result = context.query("discovered", row_limit=most)
    return context.view_of(
        result,
        _finding(result.rows),
        (
            artist_link(context, "key"),
            Column("discovered_on", "First heard", "day", link=lambda row: context.links.day(row["discovered_on"])),
            Column("is_kept", "Kept", "yes_no"),
            Column("plays", "Plays since", "number"),
            Column("minutes", "Minutes since", "minutes"),
            Column("last_heard_on", "Last heard", "day"),
            Column("is_warm_up", "Perhaps known before", "yes_no"),
        ),
        bar="plays",
        empty="No artist was heard for the first time in this range.",
        definition=f"The first {most}; the CSV has all. Kept: more than three plays, and heard on a later day. Perhaps "
        "known before: first heard in the first 90 days of the data. Counted with 30 seconds or more.",
    )


def _finding(rows: list[Row]) -> str:
    if not rows:
        return "New artists"
    return f"{counted(rows[0]['total'], 'new artist')}, {rows[0]['total_kept']:,} of them kept"


def _comebacks(context: PageContext) -> View:
    return context.view(
        "comebacks",
        "Artists that came back",
        (
            artist_link(context, "artist_key"),
            Column("returned_on", "Back on", "day", link=lambda row: context.links.day(row["returned_on"])),
            Column("last_heard_on", "Before that last heard", "day"),
            Column("gap_days", "Days between", "number"),
            Column("plays_next_30_days", "Plays in the next 30 days", "number"),
        ),
        arguments={"row_limit": LISTED},
        empty="No artist came back after a long silence in this range.",
        definition="Heard again after a silence of 180 days or more. Counted with 30 seconds or more.",
    )


def _forgotten(context: PageContext) -> View:
    return context.view(
        "forgotten",
        "Forgotten favourites",
        (
            artist_link(context, "key"),
            Column("plays", "Plays, of all time", "number"),
            Column("minutes", "Minutes", "minutes"),
            Column("last_heard", "Last heard", "day", link=lambda row: context.links.day(row["last_heard"])),
            Column("days_ago", "Days ago", "number"),
        ),
        arguments={"row_limit": LISTED},
        bar="plays",
        empty="No artist with ten plays or more is silent for half a year.",
        definition="Ten plays or more, and none in the last half year that is known; whatever the range of the page.",
    )


def _once(context: PageContext) -> View:
    return context.view(
        "heard_once",
        "Heard once",
        (
            track_link(context),
            Column("artist_name", "Artist"),
            Column("album_name", "Album"),
            Column("played_on", "On", "day", link=lambda row: context.links.day(row["played_on"])),
            Column("minutes", "Minutes", "minutes"),
        ),
        arguments={"row_limit": LISTED},
        empty="Every track of this range was heard again.",
        definition=f"The newest {LISTED}; the CSV has all. Counted with 30 seconds or more.",
    )


ROUTES = [("/finds", finds)]
