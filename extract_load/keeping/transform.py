"""How the marts are built, as an argument: this floor knows no dbt.

A transform builds every model in the warehouse of the settings that it is given (which may be one aside), runs the
tests, and gives the names of the blocking ones that failed. It takes the warehouse's lock itself and leaves no
connection open. The floor above offers it as the entry point `music_tracker.transform`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Protocol, cast

from extract_load.errors import ConfigurationError
from extract_load.settings import Settings

GROUP = "music_tracker.transform"


class Transform(Protocol):
    """Builds the marts of one warehouse. Errors: any of the five kinds, when a model could not be built."""

    def __call__(self, settings: Settings) -> Sequence[str]:
        """Build, test, and give the blocking tests that failed (best: none)."""
        ...


def find_transform() -> Transform:
    """Give the transform that is installed.

    Errors: ConfigurationError when there is none.
    """
    for entry in entry_points(group=GROUP):
        return cast("Transform", entry.load())
    raise ConfigurationError("Nothing is installed that builds the marts.", todo="Install the project: `make setup`.")
