"""The geography steps in their places: coordinates for the areas of the artists, offline first, then from a geocoder.

Both start with the first areas while MusicBrainz is still asked for more. Answers are cached in files before they are
landed; the warehouse is locked only briefly.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import duckdb

from extract_load.context import Context
from extract_load.core.clock import Clock
from extract_load.core.results import TaskResult
from extract_load.core.settings import Settings, project_root
from extract_load.geography.area_store import manual_areas, put_locations, read_areas
from extract_load.geography.gazetteer import locate_areas
from extract_load.geography.gazetteer_step import GazetteerStep
from extract_load.geography.geocoder import Geocoder, is_enabled
from extract_load.geography.geocoder_step import GeocoderStep
from extract_load.landing.area_coordinates import SOURCE
from extract_load.steps.side_by_side import run_side_by_side
from extract_load.steps.signals import StepOrder
from extract_load.steps.step import StepDefinition

STAGE = "geography"
GAZETTEER, GEOCODER = "match in the gazetteer", "ask the geocoder"
AREAS_AND_ARTISTS = ("fetch artists", "fetch areas")
"""The steps at MusicBrainz that say which areas there are, and who comes from them."""


def geocoder_step(context: Context, manual_seed: Path | None = None) -> GeocoderStep:
    """Return the step that asks the geocoder; the first one of a run lands the answers of one that was interrupted.

    Errors: ConfigurationError for a geocoder that is unknown or lacks its key.
    """

    def make() -> Geocoder:
        geocoder = Geocoder(context.settings, context.state, context.run_id, context.clock)
        context.landing.land(purpose="geography: answers of an earlier run", exclude=_FilesOfOtherServices())
        return geocoder

    geocoder = context.shared.get(STAGE, make, lambda made: made.session.close())
    return GeocoderStep(context, geocoder, manual_areas(manual_seed or default_seed()))


def _idle_reason(context: Context) -> str:
    return "" if is_enabled(context.settings) else "The geocoder is off (GEOCODER, GEOCODER_LIMIT)."


STEPS = (
    StepDefinition(
        StepOrder(GAZETTEER, fed_by=("fetch areas",)),
        service=STAGE,
        make=GazetteerStep,
        description="Find the coordinates of areas in the offline gazetteer.",
    ),
    StepDefinition(
        StepOrder(GEOCODER, fed_by=(*AREAS_AND_ARTISTS, GAZETTEER), beside=(GAZETTEER,)),
        service=STAGE,
        make=geocoder_step,
        description="Ask the geocoder about areas that the gazetteer is not sure of.",
        limit="geocoder_limit",
        idle_reason=_idle_reason,
    ),
)


def enrich(context: Context, *, manual_seed: Path | None = None) -> TaskResult:
    """Locate every area that was read, and geocode the doubtful ones, until nothing is pending.

    Errors: ConfigurationError for a geocoder that is unknown, lacks its key or refuses the program (the locations of
    the gazetteer are written all the same); an outage or a spent quota is a partial result. Idempotent.
    """
    gazetteer, geocoder = STEPS
    geocoder = replace(geocoder, make=partial(geocoder_step, manual_seed=manual_seed))
    return run_side_by_side((gazetteer, geocoder), context)


def derive_lookups(settings: Settings, connection: duckdb.DuckDBPyConnection, clock: Clock) -> int:
    """Write the gazetteer's location of every area, without a request; return the number of rows that changed."""
    areas = read_areas(connection)
    found = locate_areas([area.query for area in areas.values()], cache_dir=settings.answers_dir)
    return put_locations(connection, dict(zip(areas, found, strict=True)), clock.now())


def default_seed() -> Path:
    """Return the path of the seed in the project."""
    return project_root() / "dbt_project" / "seeds" / "area_coordinates_manual.csv"


class _FilesOfOtherServices:
    """A container of all manifest paths but those of the geocoder: other steps land their answers themselves."""

    def __contains__(self, name: object) -> bool:
        return not str(name).startswith(f"cache/{SOURCE}/")
