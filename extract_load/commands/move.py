"""`music-tracker move`: from the file into a lake, and back."""

from __future__ import annotations

from typing import Annotated

import typer

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import load_settings
from extract_load.core.text import pluralize


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(move)


def move(
    to: Annotated[str, typer.Option(help="lake or file.")],
) -> None:
    """Copy everything from the file into the lake, or back, and compare both; nothing is deleted on either side."""
    from extract_load.maintenance.move import move as copy_over
    from extract_load.maintenance.rebuild import seeds_dir

    if to not in {"lake", "file"}:
        raise ConfigurationError(f"{to!r} is neither lake nor file.", hint="Write --to lake, or --to file.")
    moved = copy_over(load_settings(), "lake" if to == "lake" else "file", seeds_dir())
    rows = ", ".join(f"{count:,} {kind}" for kind, count in moved.rows.items())
    typer.echo(f"{pluralize(moved.files, 'file')} copied, {moved.landed:,} landed; equal on both sides: {rows}.")
    after = "Keep WAREHOUSE set: music-tracker lake build" if to == "lake" else "Unset WAREHOUSE: music-tracker etl"
    typer.echo(f"Next: {after}")
