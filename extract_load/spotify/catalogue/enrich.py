"""The steps of the Spotify catalogue in their places, and all of them together for a caller without Prefect.

Tracks, albums and artists are read side by side until nothing is pending, or a limit or a budget is spent: each step
ends for itself, and the next run resumes where it stopped.
"""

from __future__ import annotations

from extract_load.context import Context
from extract_load.core.results import TaskResult
from extract_load.spotify.catalogue.read_step import AlbumStep, ArtistStep, TrackStep
from extract_load.steps.side_by_side import run_side_by_side
from extract_load.steps.signals import StepOrder
from extract_load.steps.step import StepDefinition

STAGE = "spotify"
TRACKS, ALBUMS, ARTISTS = "read tracks", "read albums", "read artists"
_SKIPPED = "Spotify's catalogue is skipped: SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not set (see .env.example)."


def _idle_reason(context: Context) -> str:
    return "" if context.settings.has_spotify_app else _SKIPPED


STEPS = (
    StepDefinition(
        StepOrder(TRACKS, fed_by=(ALBUMS,), beside=(ALBUMS,)),
        service=STAGE,
        make=TrackStep,
        description="Read one track of each album at Spotify, most listened first.",
        limit="spotify_track_limit",
        idle_reason=_idle_reason,
    ),
    StepDefinition(
        StepOrder(ALBUMS, fed_by=(TRACKS,), after=(TRACKS,)),
        service=STAGE,
        make=AlbumStep,
        description="Read the albums at Spotify; each answers for its other tracks.",
        limit="spotify_album_limit",
        idle_reason=_idle_reason,
    ),
    StepDefinition(
        StepOrder(ARTISTS, fed_by=(TRACKS, ALBUMS), after=(TRACKS, ALBUMS)),
        service=STAGE,
        make=ArtistStep,
        description="Read the artists at Spotify, as tracks name them.",
        limit="spotify_artist_limit",
        idle_reason=_idle_reason,
    ),
)


def enrich(context: Context) -> TaskResult:
    """Read what is pending until nothing is, or limits or budgets are spent; an outage is a partial result.

    The message tells the share of listening time looked up before and after. Without credentials: `no_updates`, saying
    what is skipped and how to enable it.
    """
    return run_side_by_side(STEPS, context)
