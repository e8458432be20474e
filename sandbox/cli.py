"""The command `music-tracker sandbox`: serve the stand-ins, or write an export, for demos and for trying things out."""

from __future__ import annotations

import shlex
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sandbox.export import ExportKind, write_export
from sandbox.stand import Sandbox
from sandbox.truth import dump_truth
from sandbox.world import World, WorldSettings


def register(app: typer.Typer) -> None:
    """Add the command `sandbox` to a command line."""
    app.command("sandbox")(sandbox)


def sandbox(
    port: Annotated[int, typer.Option(help="First of four ports; 0 = any free ones.")] = 8900,
    seed: Annotated[int, typer.Option(help="Another seed is another world.")] = 7,
    artists: Annotated[int, typer.Option(help="How many artists; the first 108 are real.")] = 108,
    plays: Annotated[int, typer.Option(help="About how many rows the whole history has.")] = 60_000,
    years: Annotated[float, typer.Option(help="Length of the history.")] = 3,
    mode: Annotated[str, typer.Option(help="What the Spotify app may do: development or extended.")] = "development",
    link_all: Annotated[bool, typer.Option(help="MusicBrainz knows and links every artist.")] = False,
    homonyms: Annotated[bool, typer.Option(help="Add artists of the same name and wrong links.")] = False,
    rate: Annotated[float, typer.Option(help="Requests a second that are allowed; 0 = any number.")] = 0,
    running: Annotated[bool, typer.Option(help="Let the time of the sandbox go on, from the present moment.")] = False,
    export_zip: Annotated[Path | None, typer.Option(help="Write the listener's export here.")] = None,
    export_kind: Annotated[str, typer.Option(help="extended, legacy or account.")] = "extended",
    truth: Annotated[Path | None, typer.Option(help="Write the ground truth here, as JSON lines.")] = None,
    admin: Annotated[bool, typer.Option(help="Let the admin pages tell the ground truth, too.")] = False,
    print_env: Annotated[bool, typer.Option(help="Print the environment, for: eval $(...)")] = False,
    serve: Annotated[bool, typer.Option(help="Serve until Ctrl-C; --no-serve only writes files.")] = True,
) -> None:
    """Serve a make-believe Spotify, MusicBrainz and Nominatim on this machine, with a listener of three years."""
    if export_kind not in ("extended", "legacy", "account"):
        raise typer.BadParameter("--export-kind is extended, legacy or account.")
    if mode not in ("development", "extended"):
        raise typer.BadParameter("--mode is development or extended.")
    settings = WorldSettings(
        seed=seed, artists=artists, plays=plays, years=years, link_all=link_all, homonyms=homonyms, **_now(running)
    )
    world = World(settings)
    _write_files(world, export_zip, export_kind, truth)  # type: ignore[arg-type]
    if not serve:
        return
    stand = Sandbox(world, mode=mode, port=port, rate=rate or None, running_clock=running, open_truth=admin)
    with stand:
        _tell(stand, print_env)
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            typer.echo(f"\nServed {stand.counts.total()} requests. Goodbye.", err=True)


def _now(running: bool) -> dict[str, datetime]:
    return {"now": datetime.now(UTC).replace(microsecond=0)} if running else {}


def _write_files(world: World, export: Path | None, kind: ExportKind, truth: Path | None) -> None:
    written = None
    if export is not None:
        written = write_export(world, export, kind=kind)
        typer.echo(f"The export is in {export}: {len(written.rows)} rows in {len(written.files)} files.", err=True)
    if truth is not None:
        typer.echo(f"The truth about {dump_truth(world, truth, written)} plays is in {truth}.", err=True)


def _tell(stand: Sandbox, print_env: bool) -> None:
    lines = [f"export {name}={shlex.quote(value)}" for name, value in stand.env.items()]
    if print_env:
        typer.echo("\n".join([*lines, "# ready"]))
        return
    typer.echo("The sandbox is up: everything in it is make-believe, and nothing leaves this machine.")
    typer.echo(
        f"  {len(stand.world.artists)} artists, {len(stand.world.plays):,} plays, seed {stand.world.settings.seed}"
    )
    typer.echo("Point the music tracker at it with:\n")
    typer.echo("\n".join(f"  {line}" for line in lines))
    typer.echo(f"\nIts controls: {stand.musicbrainz_url}/_sandbox/counts (also faults, clock). Stop it with Ctrl-C.")
