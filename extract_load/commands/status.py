"""`music-tracker status` and `doctor`: the health in words or as JSON; the exit code is 1 when there is a problem."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

import typer

from extract_load.core.settings import load_settings
from extract_load.core.text import printable
from extract_load.monitoring.check_result import Level
from extract_load.monitoring.health import Health, health

_SIGNS: dict[Level, tuple[str, str | None]] = {
    "ok": ("ok  ", typer.colors.GREEN),
    "note": ("    ", None),
    "warning": ("look", typer.colors.YELLOW),
    "problem": ("act ", typer.colors.RED),
}

NEEDED_BY_STATUS = {"state", "folder:the folder of DUCKDB_PATH"}
"""Checks without which `status` has nothing to read."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(status)
    app.command()(doctor)


def status(as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """Show how things stand; answers while anything runs, and sends no request."""
    from extract_load.monitoring.disk_usage import disk_result
    from extract_load.monitoring.environment_checks import check_names

    settings = load_settings()
    checked = health(settings)
    found = replace(checked, results=(*checked.results, disk_result(settings), *check_names()))
    if as_json:
        typer.echo(json.dumps(found.to_dict(), indent=2))
    else:
        show(found)
    raise typer.Exit(found.exit_code)


def doctor() -> None:
    """Check settings, folders, the warehouse and the services; then show how things stand."""
    from extract_load.monitoring.doctor import examine

    settings = load_settings()
    tried = examine(settings)
    show(tried)
    if any(result.key in NEEDED_BY_STATUS and result.level == "problem" for result in tried.results):
        raise typer.Exit(tried.exit_code)
    found = health(settings)
    show(found)
    raise typer.Exit(max(tried.exit_code, found.exit_code))


def show(found: Health) -> None:
    """Print the check results, each with its hint."""
    for result in found.results:
        sign, colour = _SIGNS[result.level]
        typer.secho(f"{sign}  {printable(result.text)}", fg=colour)
        if result.hint:
            typer.echo(f"      -> {printable(result.hint)}")
