"""The review of a year, a month or a week: a story of ten cards, the whole report below, and an image to share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from starlette.responses import Response

from page.charts.card import SIZES, CardText, card
from page.context import PageContext
from page.database import Result
from page.entities import Kind
from page.errors import BadRequest, NotFound
from page.formats import minutes, noun_for, number, percent
from page.links import Links
from page.periods import Period, period_of
from page.routes.finds import discovered
from page.routes.habits import replays, streaks
from page.routes.shared import month_view, top_view
from page.views import View

LISTED = 10
_KINDS = (Kind.ARTIST, Kind.TRACK, Kind.ALBUM, Kind.GENRE, Kind.COUNTRY)


@dataclass(frozen=True, slots=True)
class StoryCard:
    """One card of the story: one number of one query, and a sentence with a name that may lead somewhere."""

    number: str
    sentence: str
    result: Result
    column: str
    sql_url: str
    name: str = ""
    url: str = ""

    @property
    def value(self) -> object:
        """The number as the query has it."""
        return self.result.first[self.column]


def review(context: PageContext) -> Response:
    """Answer with the review. Errors: BadRequest for a period that is none, NotFound for one of another kind."""
    period = _period(context)
    inner = _within(context, period)
    tops = {kind: top_view(inner, kind, arguments={"row_limit": LISTED}, more_url=inner.links.to(f"/top/{kind.plural}"),
                           more_label=f"All {kind.plural}") for kind in _KINDS}  # fmt: skip
    finds, again, runs = discovered(inner, LISTED), replays(inner, LISTED), streaks(inner, "overall", LISTED)
    path = f"/{period.kind}/{period.text}"
    return context.render(
        "review.html",
        f"{period.label.capitalize()} in review",
        has_range=False,
        period=period,
        coverage=inner.query("coverage").first,
        completeness_url=inner.links.to("/completeness"),
        before=_neighbour(context, period.beside(-1)),
        after=_neighbour(context, period.beside(1)),
        compare_url=_compare_url(context, period),
        others=_others(context, period),
        story=_story(inner, tops, finds, again, runs),
        is_over=period.last <= context.params.listener.last_day,
        cards=[(size, context.links.to(f"{path}/card.svg", size=size)) for size in SIZES],
        diary_url=context.links.to(f"/diary/{period.text}") if _is_known_month(context, period) else "",
        months=month_view(inner, "months") if period.kind == "year" else None,
        tops=list(tops.values()),
        finds=finds,
        views=(again, runs),
    )


def card_image(context: PageContext) -> Response:
    """Answer with the image of a review. Errors: BadRequest for a size that is none."""
    period = _period(context)
    size = context.text("size", "1080x1350")
    if size not in SIZES:
        raise BadRequest("size: there is no such choice.", f"The choices are {', '.join(SIZES)}.")
    inner = _within(context, period)
    totals, covered = inner.query("totals").first, inner.query("coverage").first["coverage_pct"]
    label = context.cursor.facts.label
    text = CardText(
        f"{label + ': ' if label else ''}My {period.label} in music",
        [((minutes if name == "minutes" else number)(totals[name]), noun_for(name, totals[name]))
         for name in ("plays", "minutes", "artists", "tracks")],
        [(f"Top {kind.plural}", [row["name"] for row in _ranked(inner, kind)]) for kind in _KINDS[:4]],
        f"{percent(covered)} of the time is covered. Data from Spotify and MusicBrainz.",
    )  # fmt: skip
    headers = {"content-disposition": f'inline; filename="{period.text}-{size}.svg"'}
    return Response(str(card(text, SIZES[size])), media_type="image/svg+xml", headers=headers)


def _ranked(context: PageContext, kind: Kind) -> list[dict[str, str]]:
    rows = context.query(f"top_{kind.plural}", row_limit=5).rows
    return [row for row in rows if row["rank"] is not None]


def _period(context: PageContext) -> Period:
    """Return the period of the path; of the bare one, the last year that is known."""
    last_year = str(context.params.listener.last_day.year)
    period = period_of(context.request.path_params.get("period", last_year))
    if period.kind != context.section:
        raise NotFound(f"This is no {context.section}.", "Reviews are of a year, a month or a week.")
    return period


def _within(context: PageContext, period: Period) -> PageContext:
    """Return the context with the days of the period as its range."""
    params = replace(context.params, from_day=period.first, to_day=period.last)
    return replace(context, params=params, links=Links(params))


def _neighbour(context: PageContext, period: Period | None) -> tuple[str, str] | None:
    """Return the name and the address of another review, None for a period of which nothing is known."""
    known = context.params.listener
    if period is None or period.first > known.last_day or period.last < known.first_day:
        return None
    return period.label, context.links.to(f"/{period.kind}/{period.text}")


def _is_known_month(context: PageContext, period: Period) -> bool:
    known = context.params.listener
    return period.kind == "month" and period.first <= known.last_day and period.last >= known.first_day


def _compare_url(context: PageContext, period: Period) -> str:
    """Return where a period is compared with the one after it, or before it if nothing is known of that."""
    after = period.beside(1)
    if after and after.first <= context.params.listener.last_day:
        return context.links.to("/compare", a=period.text, b=after.text)
    return context.links.to("/compare", b=period.text)


def _others(context: PageContext, period: Period) -> list[tuple[str, str, bool]]:
    """Return the reviews that are one click away: all years, the months of this one, its last week.

    Of each its name, its address, and whether it is this one. A month has the name of its year beside it already.
    """
    known = context.params.listener
    years = [period_of(str(year)) for year in range(known.last_day.year, known.first_day.year - 1, -1)]
    months = [period_of(f"{period.first.year}-{month:02}") for month in range(1, 13)]
    last_week = period.first if period.kind == "week" else min(period.last - timedelta(days=6), known.last_day)
    year, week, _ = last_week.isocalendar()
    weeks = [period_of(f"{year}-W{week:02}")]
    return [
        (f"{one.first:%B}" if one.kind == "month" else found[0], found[1], one == period)
        for one in (*years, *months, *weeks)
        if (found := _neighbour(context, one))
    ]


def _story(context: PageContext, tops: dict[Kind, View], finds: View, again: View, runs: View) -> list[StoryCard]:
    """Return at most ten cards, from the whole to the smallest; what nothing is known of has none."""
    totals = context.query("totals")
    totals_sql = context.links.to("/data/totals.sql")
    story = [
        StoryCard(number(totals.first["plays"]), noun_for("plays", totals.first["plays"]), totals, "plays", totals_sql),
        StoryCard(minutes(totals.first["minutes"]), "minutes of music", totals, "minutes", totals_sql),
        StoryCard(number(totals.first["artists"]), _were_heard(totals.first["artists"]), totals, "artists", totals_sql),
    ]
    for kind, view in tops.items():
        if view.rows and view.rows[0]["rank"] is not None:
            first = view.rows[0]
            sentence = f"{noun_for('plays', first['plays'])} of the first {kind.value}:"
            story.append(StoryCard(number(first["plays"]), sentence, view.result, "plays", view.sql_url, first["name"],
                                   context.links.entity(kind, first["key"])))  # fmt: skip
    if again.rows:
        first = again.rows[0]
        times = number(first["times"])
        sentence = "times in a row without another:"
        story.append(StoryCard(times, sentence, again.result, "times", again.sql_url, first["track_name"],
                               context.links.entity(Kind.TRACK, first["recording_key"])))  # fmt: skip
    if runs.rows:
        days = runs.rows[0]["certain_days"]
        sentence = f"{noun_for('days', days)} in a row with music: the longest streak that touches it"
        story.append(StoryCard(number(days), sentence, runs.result,
                               "certain_days", runs.sql_url))  # fmt: skip
    if finds.rows and len(story) < 10:
        new = finds.rows[0]["total"]
        story.append(StoryCard(number(new), noun_for("new artists", new), finds.result, "total", finds.sql_url))
    return story[:10]


def _were_heard(artists: int) -> str:
    return "artist was heard" if artists == 1 else "artists were heard"


ROUTES = [
    ("/year", review),
    *((f"/{kind}/{{period}}", review) for kind in ("year", "month", "week")),
    *((f"/{kind}/{{period}}/card.svg", card_image) for kind in ("year", "month", "week")),
]
