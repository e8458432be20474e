"""The commands of this floor: `music-tracker etl` and `music-tracker serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from extract_load.maintenance.marts_builder import offer
from orchestrate.marts import build_marts


def register(app: typer.Typer) -> None:
    """Add the commands to the command line, and offer dbt to those below; both are imported when a command runs."""
    app.command()(etl)
    app.command()(serve)
    offer(build_marts)


def etl(
    config_env: Annotated[
        str | None, typer.Option(help="development, testing or production; default: ENVIRONMENT.")
    ] = None,
) -> None:
    """Load, enrich, transform, test and publish, once; needs no server and no schedule."""
    from orchestrate.prefect_flows import WhichFlow, run

    raise typer.Exit(run(WhichFlow.ETL, config_env=config_env))


def serve() -> None:
    """Run both schedules in this one process, for small machines; stops with Ctrl-C."""
    from orchestrate.serving import serve_deployments

    serve_deployments()
