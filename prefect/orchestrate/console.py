"""What the scripts have in common: an error is one sentence, and Prefect's noise stays off the terminal."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from extract_load.core.errors import MusicTrackerError
from extract_load.core.network_environment import prepare_network, require_certificates
from extract_load.core.private_files import keep_files_private

log = logging.getLogger(__name__)

_PLAIN_LOG_LINE = "%(asctime)s  %(message)s"
_MODEL_FAILED = re.compile(r"Node \S+ finished with status \S+")
_DBT_ERROR = re.compile(r"\s*(\d+ of \d+ ERROR |Failure in (model|seed) |\w+ Error in (model|seed) )")
PREFECT_DEFAULTS = {
    # The folder that a run starts in may have no pyproject.toml, so what a run needs is set here too.
    "PREFECT_LOGGING_EXTRA_LOGGERS": "extract_load,orchestrate",
    # Threads of a stage log as well, outside of any run that Prefect knows of.
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # A server would import dbt (50 MB) at each start, only to see whether its block types are the ones it knows.
    "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # Runs that ended 30 days ago are deleted with their logs and artifacts; what they did stays in `ops`.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": "2592000",
    # A small machine needs longer than the default 20 s to start the temporary server.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    # The start-up hook in `orchestrate.server.command_line_plugin`, also for workers that start elsewhere.
    "PREFECT_PLUGINS_ENABLED": "true",
    "PREFECT_PLUGINS_ALLOW": "music-tracker",
    "DO_NOT_TRACK": "1",
}
CONSOLE_FORMAT = {
    "PREFECT_LOGGING_FORMATTERS_STANDARD_FORMAT": _PLAIN_LOG_LINE,
    "PREFECT_LOGGING_FORMATTERS_STANDARD_FLOW_RUN_FMT": _PLAIN_LOG_LINE,
    "PREFECT_LOGGING_FORMATTERS_STANDARD_TASK_RUN_FMT": _PLAIN_LOG_LINE,
    "PREFECT_LOGGING_COLORS": "false",
}


def prepare_prefect(*, plain_logs: bool = False) -> None:
    """Set what Prefect reads from the environment, unless it is set already; call it before Prefect is imported.

    `plain_logs` makes its log lines a time and a message, for a terminal. Errors: ConfigurationError that names a
    variable with certificates that can't be used: Prefect's client would crash.
    """
    require_certificates()
    for sentence in prepare_network():
        log.warning("%s", sentence)
    for name, value in {**PREFECT_DEFAULTS, **(CONSOLE_FORMAT if plain_logs else {})}.items():
        os.environ.setdefault(name, value)


class DropPrefectNoise(logging.Filter):
    """Drops what a person need not read: Prefect's line about every state, and errors that were logged already.

    One of our kinds of error, and a model that could not be built, is logged as a sentence by its task (`BaseTask`);
    Prefect's traceback of it stays in its own records. Any other error is a bug: its traceback is shown.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is shown."""
        message = record.getMessage()
        if message.startswith(("Beginning ", "View at ", "Finished in state ")):
            return False
        return not (
            record.name.startswith("prefect.")
            and _is_logged_by_its_task(message, record.exc_info and record.exc_info[1])
        )


def _is_logged_by_its_task(message: str, error: BaseException | None) -> bool:
    if isinstance(error, MusicTrackerError):
        return True
    is_model = isinstance(error, Exception) and _MODEL_FAILED.fullmatch(str(error)) is not None
    return is_model or _DBT_ERROR.match(message) is not None


def quiet_prefect_logs() -> None:
    """Keep Prefect's messages about states off the terminal; its server keeps them. Call it after importing Prefect."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(DropPrefectNoise())


def run_script(main: Callable[..., None]) -> None:
    """Run a function as a script: its parameters are the options, a project error is printed as one sentence."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    keep_files_private()
    with plain_errors():
        app()


@contextmanager
def plain_errors() -> Iterator[None]:
    """Print a project error as one sentence and end the process with its exit code."""
    try:
        yield
    except MusicTrackerError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        sys.exit(error.exit_code)
