"""The catalogue of every enrichment step: Spotify, MusicBrainz, geography, in the order in which they feed each other.

Prefect makes a task of each, `music-tracker run STEP` runs one alone.
"""

from __future__ import annotations

from extract_load.core.errors import ConfigurationError
from extract_load.geography.enrich import STAGE as GEOGRAPHY
from extract_load.geography.enrich import STEPS as GEOGRAPHY_STEPS
from extract_load.musicbrainz.enrich import STAGE as MUSICBRAINZ
from extract_load.musicbrainz.enrich import STEPS as MUSICBRAINZ_STEPS
from extract_load.spotify.catalogue.enrich import STAGE as SPOTIFY
from extract_load.spotify.catalogue.enrich import STEPS as SPOTIFY_STEPS
from extract_load.steps.step import StepDefinition

STEPS: tuple[StepDefinition, ...] = (*SPOTIFY_STEPS, *MUSICBRAINZ_STEPS, *GEOGRAPHY_STEPS)
SERVICES = (SPOTIFY, MUSICBRAINZ, GEOGRAPHY)


def steps_of(service: str) -> tuple[StepDefinition, ...]:
    """Return the steps of one service."""
    return tuple(step for step in STEPS if step.service == service)


def find_step(name: str) -> StepDefinition:
    """Return the step of a name. Errors: ConfigurationError that lists the names."""
    for step in STEPS:
        if step.name == name:
            return step
    raise ConfigurationError(f"There is no step {name!r}.", hint=f"Steps: {', '.join(step.name for step in STEPS)}.")
