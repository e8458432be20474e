"""`music-tracker etl`, `serve` and `password`: one run now, both schedules in one process, the key to the pages."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from typing import Annotated

import typer

from extract_load.commands.run_step import offer_step
from extract_load.core.flows import DAILY_ETL
from extract_load.core.folder_access import require_writable
from extract_load.core.settings import load_settings
from extract_load.core.text import pluralize
from extract_load.maintenance.marts_builder import offer
from orchestrate import lake_commands
from orchestrate.console import prepare_prefect
from orchestrate.dbt_build.alone import BUILD, TEST, build_alone, run_tests_alone
from orchestrate.dbt_build.runner import build_marts

MAX_RUNS = 2
"""Concurrent runs: one of each deployment."""


def register(app: typer.Typer) -> None:
    """Add the commands to the command line, and offer dbt to the layers below; both are imported on use."""
    app.command()(etl)
    app.command()(serve)
    app.command()(password)
    app.add_typer(lake_commands.app, name="lake")
    offer(build_marts)
    offer_step(BUILD, "Build seeds and models with dbt.", build_alone)
    offer_step(TEST, "Run dbt's tests on what was built last.", run_tests_alone)


def etl(
    config_env: Annotated[
        str | None, typer.Option(help="development, testing or production; default: ENVIRONMENT.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build and publish also when nothing changed.")] = False,
    listener: Annotated[
        list[str] | None, typer.Option(help="Publish for whom, by id; again for more. Default: all.")
    ] = None,
) -> None:
    """Load, enrich, transform, test and publish, once; needs no server and no schedule."""
    from orchestrate.prefect_flows import WhichFlow, run

    raise typer.Exit(run(WhichFlow.ETL, config_env=config_env, force=force, listeners=listener or ()))


def serve() -> None:
    """Run both schedules in this one process, for small machines; stops with Ctrl-C."""
    serve_deployments()


def password() -> None:
    """Print the password of the Prefect server's pages; type or paste it where they ask for one."""
    from orchestrate.server.credentials import server_password

    typer.echo(server_password(load_settings()))


def serve_deployments() -> None:
    """Serve every deployment until it is stopped; starts a Prefect server with a UI when none answers."""
    prepare_prefect()
    settings = load_settings()
    require_writable(settings)
    from prefect import serve

    from orchestrate.deployments import build, entries
    from orchestrate.server.api import api_in_use, own_api, password_of, running_api

    # Prefect's Runner creates a coroutine that it never awaits when it is stopped: noise for whoever stops it.
    warnings.filterwarnings("ignore", "coroutine 'Runner.astop' was never awaited", RuntimeWarning)
    with ExitStack() as stack:
        url = running_api(settings) or stack.enter_context(own_api(settings))
        secret = password_of(url, settings)
        stack.enter_context(api_in_use(url, secret))
        typer.echo(f"Runs are shown at {url.removesuffix('/api')} (Ctrl-C stops).")
        if secret:
            typer.echo("It asks for a password: `music-tracker password` prints it.")
        typer.echo(f"A poll every {pluralize(settings.ingest_interval_minutes, 'minute')}, and {DAILY_ETL} at"
                   f" {settings.etl_hour:02}:00 {settings.listener_timezone}.")  # fmt: skip
        serve(*(build(entry, settings, pooled=False) for entry in entries(settings)), limit=MAX_RUNS)
