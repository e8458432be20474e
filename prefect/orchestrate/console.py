"""What the scripts have in common: an error is one sentence, and Prefect speaks in our voice."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from extract_load.core.errors import MusicTrackerError

_SPOKEN = "%(asctime)s  %(message)s"
_OF_A_MODEL = re.compile(r"Node \S+ finished with status \S+")
_BY_DBT = re.compile(r"\s*(\d+ of \d+ ERROR |Failure in (model|seed) |\w+ Error in (model|seed) )")
PREFECT_DEFAULTS = {
    # The folder that a run starts in may have no pyproject.toml, so what a run needs is said here too.
    "PREFECT_LOGGING_EXTRA_LOGGERS": "extract_load,orchestrate",
    # A stage's own threads speak, too, without a run that Prefect knows of.
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}
CONSOLE_FORMAT = {
    "PREFECT_LOGGING_FORMATTERS_STANDARD_FORMAT": _SPOKEN,
    "PREFECT_LOGGING_FORMATTERS_STANDARD_FLOW_RUN_FMT": _SPOKEN,
    "PREFECT_LOGGING_FORMATTERS_STANDARD_TASK_RUN_FMT": _SPOKEN,
    "PREFECT_LOGGING_COLORS": "false",
}


def prepare_prefect(*, spoken: bool = False) -> None:
    """Set what Prefect reads from the environment, where nobody else has; call it before Prefect is imported."""
    for name, value in {**PREFECT_DEFAULTS, **(CONSOLE_FORMAT if spoken else {})}.items():
        os.environ.setdefault(name, value)


class DropPrefectNoise(logging.Filter):
    """Lets through what tells a person something: not what Prefect says of every state, not what we have said already.

    An error of one of our kinds, and a model that could not be built, is told in a sentence by its task
    (`BaseTask`); Prefect's traceback of it is for its records. Any other error is a bug: its traceback is shown.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is shown."""
        said = record.getMessage()
        if said.startswith(("Beginning ", "View at ", "Finished in state ")):
            return False
        return not (record.name.startswith("prefect.") and _is_told(said, record.exc_info and record.exc_info[1]))


def _is_told(said: str, error: BaseException | None) -> bool:
    if isinstance(error, MusicTrackerError):
        return True
    a_model = isinstance(error, Exception) and _OF_A_MODEL.fullmatch(str(error)) is not None
    return a_model or _BY_DBT.match(said) is not None


def quiet_prefect_logs() -> None:
    """Keep Prefect's chatter about states off the terminal; its records have it all. Call it with Prefect imported."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(DropPrefectNoise())


def run_script(main: Callable[..., None]) -> None:
    """Run a function as a script: its parameters are the options, an error of ours is one sentence."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    with plain_errors():
        app()


@contextmanager
def plain_errors() -> Iterator[None]:
    """Tell an error of ours in one sentence and end the process with its exit code."""
    try:
        yield
    except MusicTrackerError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        sys.exit(error.exit_code)
