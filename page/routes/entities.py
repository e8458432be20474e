"""One page for each artist, album, track, genre and country."""

from __future__ import annotations

from starlette.responses import Response

from page.context import PageContext
from page.entities import Kind
from page.errors import NotFound
from page.links import musicbrainz, spotify
from page.routes.shared import definition_of_plays, list_columns, month_view, plays_view
from page.sql import LONGEST_TEXT, Value
from page.views import Column, View

LISTED = 20
NEWEST = 10
_LISTS = {
    Kind.ARTIST: (Kind.TRACK, Kind.ALBUM),
    Kind.ALBUM: (Kind.TRACK,),
    Kind.TRACK: (Kind.ALBUM,),
    Kind.GENRE: (Kind.ARTIST, Kind.TRACK),
    Kind.COUNTRY: (Kind.ARTIST, Kind.TRACK),
}


def entity(context: PageContext) -> Response:
    """Answer with the page of one thing. Errors: NotFound when the published file does not know it."""
    kind, key = Kind.of(context.section), context.request.path_params["key"]
    if len(key) > LONGEST_TEXT:
        raise NotFound(f"The published file knows no such {kind.value}.", "The search finds what there is.")
    key = kind.key_of(key)
    known = context.query(f"about_{kind.value}", key=key)
    if not known.rows:
        raise NotFound(f"The published file knows no such {kind.value}.", "The search finds what there is.")
    arguments: dict[str, Value] = {"kind": kind.value, "key": key}
    about = known.first
    return context.render(
        "entity.html",
        about["name"],
        kind=kind,
        about=about,
        outside=_outside(kind, about),
        totals=context.query("entity_totals", **arguments),
        totals_sql=context.links.to("/data/entity_totals.sql", **arguments),
        months=month_view(context, "entity_months", **arguments),
        lists=[_list(context, one, kind, arguments) for one in _LISTS[kind]],
        clock_url=context.links.to("/clock", **arguments),
        more=_more(context, kind, arguments),
        newest=_newest(context, arguments),
    )


def _list(context: PageContext, listed: Kind, kind: Kind, arguments: dict[str, Value]) -> View:
    title = f"Its {listed.plural} by {context.params.measure.value}"
    columns = list_columns(context, listed)
    if kind is Kind.ARTIST and listed is Kind.TRACK:
        columns = tuple(column for column in columns if column.name != "artist_name")
    return context.view(
        f"entity_{listed.plural}",
        title,
        columns,
        arguments=arguments | {"row_limit": LISTED},
        bar=context.params.measure.value,
        definition=f"The first {LISTED} that were heard of this {kind.value} in the range; the CSV has all. "
        + definition_of_plays(context),
    )


def _more(context: PageContext, kind: Kind, arguments: dict[str, Value]) -> list[View]:
    """Return the rank by year, and of an artist its silences and the weeks in which it was an obsession."""
    views = []
    if kind in {Kind.ARTIST, Kind.TRACK, Kind.ALBUM}:
        views.append(_years(context, kind, arguments))
    if kind is Kind.ARTIST:
        key: dict[str, Value] = {"key": arguments["key"]}
        weeks = (
            Column("week_from", "Week from", "day", link=lambda row: context.links.day(row["week_from"])),
            Column("week_until", "until", "day"),
            Column("obsession_pct", "Of all plays", "percent"),
            Column("plays", "Plays", "number"),
        )
        silences = (
            Column("silent_from", "Silent from", "day"),
            Column("silent_until", "Until", "day"),
            Column("gap_days", "Days", "number"),
        )
        views.append(
            context.view("weeks_of_artist", "Weeks of obsession", weeks, arguments=key, empty="There was none.",
                         definition="Seven days in which it had the greatest part of all plays, of all time.")
        )  # fmt: skip
        views.append(
            context.view("gaps_of_artist", "Long silences", silences, arguments=key, empty="There was none.",
                         definition="Of all time; time that is not covered may hide plays.")
        )  # fmt: skip
    return views


def _years(context: PageContext, kind: Kind, arguments: dict[str, Value]) -> View:
    columns = (
        Column("year", "Year", link=lambda row: context.links.to(f"/year/{row['year']}")),
        Column("rank", "Rank", "number"),
        Column("plays", "Plays", "number"),
        Column("minutes", "Minutes", "minutes"),
    )
    definition = f"Its rank among all {kind.plural} of each year in the range. {definition_of_plays(context)}"
    bar = context.params.measure.value
    return context.view("entity_years", "Rank by year", columns, arguments=arguments, bar=bar, definition=definition)


def _newest(context: PageContext, arguments: dict[str, Value]) -> View:
    return plays_view(
        context,
        title="Its newest plays",
        arguments=arguments | {"row_limit": NEWEST},
        more_url=context.links.to("/plays", **arguments),
    )


def _outside(kind: Kind, about: dict[str, object]) -> list[tuple[str, str]]:
    """Return the links to other sites: name and address."""
    spotify_id, mbid = about.get("spotify_id"), about.get("mbid")
    found = [
        ("Spotify", spotify(kind.value, str(spotify_id) if spotify_id else None)),
        ("MusicBrainz", musicbrainz(str(mbid) if mbid else None)),
    ]
    return [(name, address) for name, address in found if address]


ROUTES = [(f"/{kind.value}/{{key:path}}", entity) for kind in _LISTS]
