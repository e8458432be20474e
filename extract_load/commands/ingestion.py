"""`music-tracker auth`, `ingest` and `import`: from Spotify and its exports into the spool and the raw tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extract_load.commands.session import context_of_a_command
from extract_load.core.flows import SPOTIFY_INGESTION
from extract_load.core.results import TaskResult
from extract_load.core.text import printable

if TYPE_CHECKING:
    from extract_load.context import Context
    from extract_load.core.listener_registry import Listener
    from extract_load.monitoring.tracked_run import TrackedRun
    from extract_load.spotify.poll_listeners import Polled
    from extract_load.spotify.recently_played import PollResult


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(auth)
    app.command()(ingest)
    app.command("import")(import_)


ListenerOption = Annotated[str | None, typer.Option("--listener", metavar="ID", help="Whose; with several listeners.")]


def auth(
    confirm: Annotated[bool, typer.Option(help="Yes, this other Spotify account is mine, too.")] = False,
    browser: Annotated[bool, typer.Option(help="Open the address in a browser on this machine.")] = True,
    listener: ListenerOption = None,
) -> None:
    """Sign in at Spotify; on a box without a browser, paste back the address that you were led to."""
    from extract_load.core.listeners import only_listener
    from extract_load.spotify.login import login
    from extract_load.spotify.poll_listeners import context_for

    with context_of_a_command("auth", asks_services=True) as context:
        own = context_for(context, only_listener(context.settings, listener))
        typer.echo(login(own, confirm=confirm, browser=browser, say=typer.echo, ask=_ask))


def ingest(
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many of the newest plays to ask for.")] = 50,
    listener: Annotated[
        list[str] | None, typer.Option("--listener", metavar="ID", help="Only this one; may be repeated.")
    ] = None,
) -> None:
    """Ask Spotify for the newest plays of every listener; recorded and alerted like a run of `spotify-ingestion`."""
    from extract_load.monitoring.tracked_run import tracked_run
    from extract_load.spotify.poll_listeners import listeners_to_poll

    with context_of_a_command("ingest", asks_services=True) as context:
        listeners = listeners_to_poll(context, listener or ())
        _require_an_app(context, listeners)  # what was never set up did not fail
        with tracked_run(context, SPOTIFY_INGESTION) as run:
            try:
                polled = _poll_all(context, listeners, run, limit)
                if len(polled) == 1 and polled[0].error:
                    raise polled[0].error
            finally:
                inbox = _import_inbox(context, run)
    _tell_polled(polled)
    if inbox:
        typer.echo(printable(f"Inbox: {inbox}."))
    if errors := [one.error for one in polled if one.error]:
        raise errors[0]


def _require_an_app(context: Context, listeners: Sequence[Listener]) -> None:
    """Raise ConfigurationError when none of these listeners has a Spotify app."""
    from extract_load.core.listeners import settings_of
    from extract_load.spotify.auth import require_app

    own = [settings_of(context.settings, one) for one in listeners]
    if not any(settings.has_spotify_app for settings in own):
        require_app(own[0])


def _poll_all(context: Context, listeners: Sequence[Listener], run: TrackedRun, limit: int) -> list[Polled]:
    """Poll each listener as a task of its own of the run."""
    from extract_load.spotify.poll_listeners import poll_each, poll_task
    from extract_load.spotify.recently_played import poll

    is_only = not context.settings.has_several_listeners

    def poll_one(listener: Listener, own: Context) -> PollResult:
        return run.task(poll_task(listener, is_only=is_only), lambda: poll(own, limit=limit), summarize_poll)

    return poll_each(context, listeners, poll_one)


def _tell_polled(polled: Sequence[Polled]) -> None:
    """Print what came of each poll; the first error ends the command, the others are printed here."""
    is_only = len(polled) == 1
    failed = 0
    for one in polled:
        whose = "" if is_only else f"{one.listener.shown}: "
        if one.result is None:
            failed += 1
            if failed > 1:
                typer.secho(printable(str(one.error)), err=True, fg=typer.colors.RED)
            continue
        typer.echo(printable(f"{whose}{one.result.message}"))
        days = one.result.token_days_left
        if days is not None and days <= 30:
            option = "" if is_only else f" --listener {one.listener.listener_id}"
            typer.echo(f"{whose}The sign-in lasts {days} more days: run `music-tracker auth{option}` before then.")


def _import_inbox(context: Context, run: TrackedRun) -> str:
    """Import what lies in the inbox, also after a poll that failed, and return what became of it."""
    from extract_load.spotify.history_import.inbox import TASK, has_entries, import_inbox, summarize_inbox

    if not has_entries(context):
        return ""
    return run.task(TASK, lambda: import_inbox(context), summarize_inbox).message


def summarize_poll(poll: PollResult) -> TaskResult:
    """Return what a poll brought as the result of its task, for a command and for a flow alike."""
    return TaskResult(
        status="success" if poll.new else "no_updates",
        counts={"new_plays": poll.new, "known_plays": poll.known, "rows_landed": poll.landed},
        requests=poll.requests,
        waited_seconds=poll.waited_seconds,
        message=poll.message,
    )


def import_(
    paths: Annotated[list[Path], typer.Argument(help="The zip as downloaded, a folder, or single files.")],
    confirm_listener: Annotated[bool, typer.Option(help="Yes, this export of another account is mine, too.")] = False,
    listener: ListenerOption = None,
) -> None:
    """Land an export of your streaming history; sends no request, and accounts for every row."""
    from extract_load.spotify.history_import.importer import import_paths

    with context_of_a_command("import") as context, _progress_bar() as progress:
        result = import_paths(context, paths, listener=listener, confirm_listener=confirm_listener, progress=progress)
    for line in result.account():
        typer.echo(printable(line))
    raise typer.Exit(result.exit_code)


@contextmanager
def _progress_bar() -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar of bytes read, on a terminal only."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("Importing"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("import", total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield advance


def _ask(prompt: str) -> str:
    return str(typer.prompt(prompt, default="", show_default=False))  # without a default, Enter alone asks again
