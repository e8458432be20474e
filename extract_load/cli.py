"""`music-tracker`: the command line. Assembles the commands of all layers and prints an error as one sentence.

Commands of higher layers (sandbox, etl, serve) join through the entry points `music_tracker.commands`, so that
no import goes up. Exit codes: 0 success, 1 something is not healthy, 2 configuration, 3 sign-in needed, 4 a service or
the warehouse is not available now, 5 a budget is spent, 6 bad input.
"""

from __future__ import annotations

import logging
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import typer

from extract_load.commands import alert, demo, ingestion, listener, maintenance, move, run_step, status
from extract_load.core.disk_errors import translate_disk_errors
from extract_load.core.errors import MusicTrackerError
from extract_load.core.network_environment import prepare_network
from extract_load.core.private_files import keep_files_private
from extract_load.core.redaction import quiet_libraries

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND_GROUP = "music_tracker.commands"
INTERRUPTED = 130


def build_app() -> typer.Typer:
    """Return the app with the commands of every layer."""
    app = typer.Typer(
        help="Keeps every play of one Spotify listener, enriches it, and makes it a pleasure to query.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    ingestion.register(app)
    run_step.register(app)
    status.register(app)
    alert.register(app)
    demo.register(app)
    listener.register(app)
    maintenance.register(app)
    move.register(app)
    for entry in sorted(entry_points(group=COMMAND_GROUP), key=lambda entry: entry.name):
        entry.load()(app)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends the process with its exit code."""
    keep_files_private()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("extract_load").setLevel(logging.INFO)
    quiet_libraries()
    for sentence in prepare_network():
        logging.getLogger(__name__).warning("%s", sentence)
    try:
        with translate_disk_errors():
            build_app()(args=list(arguments) if arguments is not None else None, prog_name="music-tracker")
    except MusicTrackerError as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        sys.exit(error.exit_code)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # Typer turns Ctrl-C into this exit code, without a word
            typer.echo("Stopped. What was finished is kept; the next run goes on from there.", err=True)
        raise
