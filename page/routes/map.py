"""The map: where the artists of the range come from, to the town, with the list beside it and what is unknown said."""

from __future__ import annotations

from starlette.responses import Response

from page.charts.world import Dot, world
from page.context import PageContext
from page.entities import Kind
from page.formats import counted, measured
from page.routes.shared import definition_of_plays, top_view
from page.views import Column, Row, View

PLACES = 100


def world_map(context: PageContext) -> Response:
    """Answer with the map."""
    return context.render(
        "map.html",
        f"Map, {context.params.range_label}",
        known=context.query("map_known"),
        known_sql=context.links.to("/data/map_known.sql"),
        view=_places(context),
        countries=top_view(
            context,
            Kind.COUNTRY,
            arguments={"row_limit": 20},
            more_url=context.links.to("/top/countries"),
            more_label="All countries",
        ),
    )


def _places(context: PageContext) -> View:
    measure = context.params.measure.value
    result = context.query("map_places", row_limit=PLACES)
    countries = context.query("map_countries").rows
    title = f"The place with most {measure}: {result.first['name']}" if result.rows else "No place is known"
    chart = world(
        {row["country_code"]: float(row[measure]) for row in countries},
        [_dot(context, row, measure) for row in result.rows],
        title,
        f"Countries shaded by {measure}, a dot for each of {len(result.rows)} places. The list below has each value.",
    )
    return context.view_of(
        result,
        title,
        (
            Column("name", "Place"),
            Column("country_name", "Country", link=lambda row: context.links.entity(Kind.COUNTRY, row["country_name"])),
            Column("top_artist", "Most heard artist", link=lambda row: _artist(context, row)),
            Column("artists", "Artists", "number"),
            Column("plays", "Plays", "number"),
            Column("minutes", "Minutes", "minutes"),
            Column("share_pct", "Share", "percent"),
            Column("coordinates_precision", "Known to the"),
        ),
        chart=chart,
        bar=measure,
        empty="No place of any artist of this range is known.",
        definition=f"The first {PLACES} places; the CSV has all. A place is where a band was founded or a person was "
        f"born, as MusicBrainz has it. {definition_of_plays(context)} Outlines: Natural Earth, public domain.",
    )


def _dot(context: PageContext, row: Row, measure: str) -> Dot:
    label = f"{row['name']}: {measured(row[measure], measure)}, {counted(row['artists'], 'artist')}"
    return Dot(label, row["latitude"], row["longitude"], float(row[measure]), _artist(context, row))


def _artist(context: PageContext, row: Row) -> str:
    return context.links.entity(Kind.ARTIST, row["top_artist_key"])


ROUTES = [("/map", world_map)]
