"""How the marts are built, as an argument: this floor knows no dbt.

A transform builds every model in the warehouse of the settings that it is given (which may be one aside), runs the
tests, and gives the names of the blocking ones that failed. It takes the warehouse's lock itself and leaves no
connection open. The floor above offers its own to the commands when it adds its commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings


class Transform(Protocol):
    """Builds the marts of one warehouse. Errors: any of the five kinds, when a model could not be built."""

    def __call__(self, settings: Settings) -> Sequence[str]:
        """Build, test, and give the blocking tests that failed (best: none)."""
        ...


_offered: list[Transform] = []


def offer(transform: Transform) -> None:
    """Say what builds the marts when a command of this floor needs them; the last one offered is taken."""
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
