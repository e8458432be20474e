"""The MusicBrainz steps in their places: match the artists, then fetch facts about them and the areas they come from.

One request is sent at a time, over one paced session, and in full batches: one that is not full is sent when nothing
can fill it any more. Matching by name is last, because it is slow and only for artists that no other method matched:
facts are complete before it begins, and fetched in full batches while it goes on. Answers are cached in files before
they are landed, so a step can be interrupted anywhere and no request is repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from extract_load.context import Context
from extract_load.core.results import TaskResult
from extract_load.musicbrainz.client import MusicBrainz, connect
from extract_load.musicbrainz.derive import derive_lookups
from extract_load.musicbrainz.fetch_areas import AreaStep
from extract_load.musicbrainz.fetch_artists import ArtistStep
from extract_load.musicbrainz.fetch_genres import GenreStep
from extract_load.musicbrainz.match_by_recording import IsrcStep, NameStep
from extract_load.musicbrainz.match_by_url import UrlStep
from extract_load.musicbrainz.step import MusicBrainzRun, MusicBrainzStep
from extract_load.steps.side_by_side import run_side_by_side
from extract_load.steps.signals import StepOrder
from extract_load.steps.step import StepDefinition

STAGE = "musicbrainz"
GENRES, BY_URL, BY_ISRC, BY_NAME = "list genres", "match by URL", "match by ISRC", "match by name"
ARTISTS, AREAS = "fetch artists", "fetch areas"
CATALOGUE = ("read tracks", "read albums", "read artists")
"""The steps at Spotify: the artists that are matched come from there."""


def run_of(context: Context, manual_seed: Path | None = None) -> MusicBrainzRun:
    """Return what the steps of this run share. The first who asks lands the answers of a run that was interrupted."""

    def make() -> MusicBrainzRun:
        now = context.clock.now()
        with context.warehouse.open("MusicBrainz: what is pending") as connection:
            context.landing.land(exclude=_FilesOfOtherServices())
            derive_lookups(context, connection, manual_seed)
        return MusicBrainzRun(_connect(context), now, manual_seed)

    return context.shared.get(STAGE, make, lambda run: run.client.session.close())


def enrich(context: Context, *, manual_seed: Path | None = None) -> TaskResult:
    """Match the artists, fetch their facts and areas, until nothing is pending or a limit is reached.

    Errors: ConfigurationError when MusicBrainz refuses the program; an outage is a partial result. Idempotent: a run
    with nothing pending sends no request.
    """
    run_of(context, manual_seed)
    return run_side_by_side(STEPS, context)


def _connect(context: Context) -> MusicBrainz:
    return connect(context.settings, context.state, context.run_id, context.clock)


class _FilesOfOtherServices:
    """A container of all manifest paths but those of MusicBrainz: other steps land their answers themselves."""

    def __contains__(self, name: object) -> bool:
        return not str(name).startswith("cache/musicbrainz/")


def _step(kind: Callable[[Context, MusicBrainzRun], MusicBrainzStep[Any]]) -> Callable[[Context], MusicBrainzStep[Any]]:
    return lambda context: kind(context, run_of(context))


STEPS = (
    StepDefinition(
        StepOrder(GENRES),
        service=STAGE,
        make=_step(GenreStep),
        description="List the genres that MusicBrainz knows, once a month.",
        is_one_call=True,
    ),
    StepDefinition(
        StepOrder(BY_URL, fed_by=CATALOGUE, after=CATALOGUE),
        service=STAGE,
        make=_step(UrlStep),
        description="Match artists at MusicBrainz by the URL of their Spotify page.",
        limit="musicbrainz_fetch_limit",
    ),
    StepDefinition(
        StepOrder(BY_ISRC, fed_by=(*CATALOGUE, BY_URL, ARTISTS), after=(*CATALOGUE, BY_URL)),
        service=STAGE,
        make=_step(IsrcStep),
        description="Match artists by the ISRCs of their recordings.",
        limit="musicbrainz_fetch_limit",
    ),
    StepDefinition(
        StepOrder(
            BY_NAME,
            fed_by=(*CATALOGUE, BY_URL, BY_ISRC, ARTISTS, AREAS),
            after=(*CATALOGUE, BY_URL, BY_ISRC),
            after_opening=(ARTISTS, AREAS),
        ),
        service=STAGE,
        make=_step(NameStep),
        description="Match artists by exact name and title.",
        limit="musicbrainz_fetch_limit",
    ),
    StepDefinition(
        StepOrder(ARTISTS, fed_by=(BY_URL, BY_ISRC, BY_NAME), after=(BY_URL, BY_ISRC), gives_way_to=(BY_NAME,)),
        service=STAGE,
        make=_step(ArtistStep),
        description="Fetch facts about matched artists.",
        limit="musicbrainz_fetch_limit",
    ),
    StepDefinition(
        StepOrder(AREAS, fed_by=(ARTISTS,), after=(ARTISTS,)),
        service=STAGE,
        make=_step(AreaStep),
        description="Fetch the areas that artists come from, up to their countries.",
        limit="musicbrainz_hierarchy_limit",
    ),
)
