"""Habits: streaks, milestones and the next ones, sessions, replays, obsessions, skips."""

from __future__ import annotations

from starlette.responses import Response

from page.context import PageContext
from page.entities import Kind
from page.routes.finds import artist_link, track_link
from page.routes.shared import definition_of_plays
from page.views import Column, Row, View

LISTED = 20
_THIRTY = "Counted with 30 seconds or more."


def habits(context: PageContext) -> Response:
    """Answer with the habits of the range."""
    views = (
        streaks(context, "overall"),
        _next_milestones(context),
        _milestones(context),
        streaks(context, "artist"),
        _sessions(context),
        replays(context, LISTED),
        _obsessions(context),
        _skips(context),
    )
    return context.render("views.html", f"Habits, {context.params.range_label}", views=views)


def streaks(context: PageContext, scope: str, most: int = LISTED) -> View:
    """Return the runs of days with plays, of everything or of one artist each."""
    of_artists = scope == "artist"
    columns = (
        *((Column("name", "Artist", link=lambda row: context.links.entity(Kind.ARTIST, row["name_key"])),) if of_artists
          else ()),
        Column("certain_days", "Certain days", "number"),
        Column("possible_days", "Possible days", "number"),
        Column("started_on", "From", "day", link=lambda row: context.links.day(row["started_on"])),
        Column("ended_on", "Until", "day", link=lambda row: context.links.day(row["ended_on"])),
        Column("is_ongoing", "Goes on", "yes_no"),
    )  # fmt: skip
    return context.view(
        "streak_list",
        "Streaks of one artist" if of_artists else "Streaks of days with plays",
        columns,
        arguments={"scope": scope, "row_limit": most},
        anchor=f"streaks-{scope}",
        bar="certain_days",
        empty="No streak touches this range.",
        definition="Certain: a play is known of every day. Possible: days that nobody knows may have had plays, too. "
        f"{_THIRTY}",
    )


def _milestones(context: PageContext) -> View:
    return context.view(
        "milestones",
        "Milestones that were reached",
        (
            Column("reached_on", "On", "day", link=lambda row: context.links.day(row["reached_on"])),
            Column("kind", "Milestone"),
            Column("step", "Number", "number"),
            Column("artist_name", "Artist", link=lambda row: _artist(context, row), without="–"),
        ),
        arguments={"row_limit": LISTED},
        empty="No milestone was reached in this range.",
        definition=f"The newest {LISTED}; the CSV has all. Round numbers of plays and hours since the beginning, and "
        "each artist that became the most heard of all time, with its plays of that day. "
        + definition_of_plays(context),
    )


def _artist(context: PageContext, row: Row) -> str | None:
    return context.links.entity(Kind.ARTIST, row["artist_key"]) if row["artist_key"] is not None else None


def _next_milestones(context: PageContext) -> View:
    return context.view(
        "next_milestones",
        "The next milestones",
        (
            Column("kind", "Milestone"),
            Column("step", "Number", "number"),
            Column("reached", "Now", "number"),
            Column("left_over", "Left", "number"),
            Column("done_pct", "Done", "percent"),
            Column("a_day", "A day", "number"),
            Column("expected_on", "Expected on", "day"),
        ),
        bar="done_pct",
        definition="Expected at the pace of the last 90 days that are known; unknown when nothing was heard in them.",
    )


def _sessions(context: PageContext) -> View:
    return context.view(
        "longest_sessions",
        "The longest sessions",
        (
            Column("started_at", "Started", "moment", link=lambda row: context.links.day(row["started_at"].date())),
            Column("length_minutes", "Length in minutes", "minutes"),
            Column("minutes_played", "Minutes played", "minutes"),
            Column("plays", "Plays", "number"),
            Column("artists", "Artists", "number"),
            Column("tracks", "Tracks", "number"),
        ),
        arguments={"row_limit": LISTED},
        bar="length_minutes",
        definition="A session goes on while no silence between two plays is longer than 30 minutes. Local time.",
    )


def replays(context: PageContext, most: int) -> View:
    """Return the tracks that were played again and again."""
    return context.view(
        "replays",
        "Played again and again",
        (
            track_link(context),
            Column("artist_name", "Artist"),
            Column("times", "Times in a row", "number"),
            Column("started_on", "On", "day", link=lambda row: context.links.day(row["started_on"])),
            Column("minutes", "Minutes", "minutes"),
        ),
        arguments={"row_limit": most},
        bar="times",
        empty="No track was played several times in a row in this range.",
        definition=f"The same track several times without another in between. {_THIRTY}",
    )


def _obsessions(context: PageContext) -> View:
    return context.view(
        "obsessions",
        "Obsessions",
        (
            artist_link(context, "artist_key"),
            Column("week_from", "Week from", "day", link=lambda row: context.links.day(row["week_from"])),
            Column("week_until", "until", "day"),
            Column("obsession_pct", "Of all plays", "percent"),
            Column("plays", "Plays", "number"),
        ),
        arguments={"row_limit": LISTED},
        bar="obsession_pct",
        empty="No artist had a great part of any week of this range.",
        definition=f"Seven days in which one artist had the greatest part of the plays. {_THIRTY}",
    )


def _skips(context: PageContext) -> View:
    return context.view(
        "skips",
        "Skips",
        (
            Column("name", "Artist", link=lambda row: _of_artist(context, row)),
            Column("starts", "Starts", "number"),
            Column("skips", "Skipped", "number"),
            Column("skip_rate_pct", "Skip rate", "percent"),
            Column("completion_rate_pct", "Heard to the end", "percent"),
        ),
        arguments={"row_limit": LISTED},
        empty="It is not known of any play whether it was skipped.",
        definition="Of all time, of the starts of which it is known; the first line is all artists together.",
    )


def _of_artist(context: PageContext, row: Row) -> str | None:
    return context.links.entity(Kind.ARTIST, row["artist_key"]) if row["scope"] == "artist" else None


ROUTES = [("/habits", habits)]
