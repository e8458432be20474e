"""The transform that builds the marts, as an argument: this layer knows no dbt.

A transform builds every model in the warehouse of the settings that it is given (which may be one aside), runs the
tests, and returns the names of the blocking ones that failed. It takes the warehouse's lock itself and leaves no
connection open. The layer above registers its own when it adds its commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings


class Transform(Protocol):
    """Builds the marts of one warehouse. Errors: any of the five kinds, when a model could not be built."""

    def __call__(self, settings: Settings) -> Sequence[str]:
        """Build, test, and return the blocking tests that failed."""
        ...


_offered: list[Transform] = []


def offer(transform: Transform) -> None:
    """Register the transform for the commands of this layer; the last one registered is used."""
    _offered.append(transform)


def find_transform() -> Transform:
    """Return the transform that was offered.

    Errors: ConfigurationError when there is none.
    """
    if not _offered:
        raise ConfigurationError(
            "Nothing is installed that builds the marts.", hint="Install the project: `make setup`."
        )
    return _offered[-1]
