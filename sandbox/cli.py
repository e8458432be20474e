"""The command `music-tracker sandbox`: serve the stand-ins, or write an export, for demos and for trying things out."""

from __future__ import annotations

import shlex
import signal
import threading
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from sandbox.export import write_export
from sandbox.sandbox import Sandbox
from sandbox.truth import dump_truth
from sandbox.world import World, WorldSettings, this_hour

_MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]


class Mode(StrEnum):
    """What the Spotify app may do."""

    DEVELOPMENT = "development"
    EXISTING = "existing"
    EXTENDED = "extended"


class Export(StrEnum):
    """Which export Spotify packs."""

    EXTENDED = "extended"
    LEGACY = "legacy"
    ACCOUNT = "account"
    ACCOUNT_LEGACY = "account_legacy"


def register(app: typer.Typer) -> None:
    """Add the command `sandbox` to a command line."""
    app.command("sandbox")(sandbox)


def sandbox(
    *,
    port: Annotated[int, typer.Option(help="First of four ports; 0 = any free ones.")] = 8900,
    seed: Annotated[int, typer.Option(help="Another seed is another world.")] = 7,
    artists: Annotated[int, typer.Option(min=1, max=46_000, help="How many; the first 108 are real.")] = 108,
    plays: Annotated[int, typer.Option(min=1, help="About how many rows the whole history has.")] = 60_000,
    years: Annotated[float, typer.Option(min=0.01, help="Length of the history.")] = 3,
    until: Annotated[
        datetime | None, typer.Option(formats=_MOMENTS, help="When the history ends (UTC); default: this hour.")
    ] = None,
    listener: Annotated[int, typer.Option(help="Another number is another person in the same world.")] = 0,
    mode: Annotated[Mode, typer.Option(help="What the Spotify app may do.")] = Mode.DEVELOPMENT,
    link_all: Annotated[bool, typer.Option(help="MusicBrainz knows and links every artist.")] = False,
    homonyms: Annotated[bool, typer.Option(help="Add artists of the same name, and wrong links.")] = False,
    area_traps: Annotated[bool, typer.Option(help="Add areas in circles, without a country, and the like.")] = False,
    rate: Annotated[float, typer.Option(help="Requests a second that are allowed; 0 = any number.")] = 0,
    running: Annotated[bool, typer.Option(help="Let the sandbox's time go on; without --until from now.")] = False,
    export_zip: Annotated[Path | None, typer.Option(help="Write the listener's export here.")] = None,
    export_kind: Annotated[Export, typer.Option(help="Which export.")] = Export.EXTENDED,
    truth: Annotated[Path | None, typer.Option(help="Write the ground truth here, as JSON lines.")] = None,
    admin: Annotated[bool, typer.Option(help="Let the admin pages show the ground truth, too.")] = False,
    print_env: Annotated[bool, typer.Option(help="Print the environment only, ended by '# ready'.")] = False,
    serve: Annotated[bool, typer.Option(help="Serve until Ctrl-C; --no-serve only writes files.")] = True,
) -> None:
    """Serve an invented Spotify, MusicBrainz and Nominatim on this machine, with a listener of three years."""
    shape = WorldSettings(seed=seed, artists=artists, plays=plays, years=years, listener=listener, link_all=link_all)
    world = World(replace(shape, now=_end(until, running), homonyms=homonyms, area_traps=area_traps))
    _write_files(world, export_zip, export_kind, truth)
    if serve:
        _serve(
            Sandbox(world, mode=mode.value, port=port, rate=rate or None, running_clock=running, open_truth=admin),
            port,
            print_env,
        )


def _end(until: datetime | None, running: bool) -> datetime:
    """Return when the history ends: as asked, else this hour, or this very second for a clock that runs."""
    if until is not None:
        return until.replace(tzinfo=UTC)
    return datetime.now(UTC).replace(microsecond=0) if running else this_hour()


def _write_files(world: World, export: Path | None, kind: Export, truth: Path | None) -> None:
    written = None
    if export is not None:
        written = write_export(world, export, kind=kind.value)
        typer.echo(f"The export is in {export}: {len(written.rows):,} rows in {len(written.files)} files.", err=True)
    if truth is not None:
        typer.echo(f"The truth about {dump_truth(world, truth, written):,} plays is in {truth}.", err=True)


def _serve(served: Sandbox, port: int, print_env: bool) -> None:
    """Serve until the process is asked to end. Errors: a usage error if a port is taken."""
    served.world.plays  # noqa: B018 (made now, so that no client waits for them)
    try:
        served.start()
    except OSError as error:
        raise typer.BadParameter(f"Ports {port} to {port + 3} are not all free ({error}); try --port 0.") from error
    try:
        _print_addresses(served, print_env)
        _wait_for_the_end()
    finally:
        served.stop()
    typer.echo(f"Served {served.counts.total():,} requests. Goodbye.", err=True)


def _print_addresses(served: Sandbox, print_env: bool) -> None:
    lines = [f"export {name}={shlex.quote(value)}" for name, value in served.env.items()]
    if print_env:
        typer.echo("\n".join([*lines, "# ready"]))
        return
    world = served.world
    typer.echo("The sandbox is up. Everything in it is invented, and nothing leaves this machine.")
    typer.echo(
        f"  {len(world.artists):,} artists, {len(world.plays):,} plays until {world.settings.now:%Y-%m-%d %H:%M} UTC,"
        f" seed {world.settings.seed}."
    )
    typer.echo("Point the music tracker at it with:\n")
    typer.echo("\n".join(f"  {line}" for line in lines))
    typer.echo(f"\nIts controls: {served.musicbrainz_url}/_sandbox/counts (also faults, clock). Ctrl-C stops it.")


def _wait_for_the_end() -> None:
    """Return at Ctrl-C, or when the process is asked to end."""
    ended = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    ended.wait()
