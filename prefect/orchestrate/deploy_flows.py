"""Deploy the flows: `python prefect/orchestrate/deploy_flows.py [--validate] [--spotify-only | --etl-only]`.

First checks the settings, the server and its version, and that the dbt project parses; with `--validate` also the
credentials and the services, and prints what it found. Then creates the work pool if there is none and updates the
deployments. Idempotent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated

import typer

from extract_load.core.errors import ConfigurationError
from extract_load.core.flows import DAILY_ETL, SPOTIFY_INGESTION
from extract_load.core.settings import Settings, load_settings
from extract_load.monitoring.check_result import CheckResult
from orchestrate.console import prepare_prefect, run_script

_MARKS = {"ok": "ok     ", "note": "note   ", "warning": "warning", "problem": "PROBLEM"}


def deploy(settings: Settings, names: tuple[str, ...]) -> None:
    """Create the work pool and update these deployments. Errors: ConfigurationError without a server."""
    from prefect import deploy as deploy_all
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists

    from orchestrate.deployments import LAKE, WORK_POOL, build, entries

    wanted = [entry for entry in entries(settings) if entry.name in names or (entry in LAKE and DAILY_ETL in names)]
    for pool in dict.fromkeys(entry.pool for entry in wanted):
        described = WorkPoolCreate(name=pool, type="process", description="Runs flows as processes of a worker.")
        with get_client(sync_client=True) as client, suppress(ObjectAlreadyExists):
            client.create_work_pool(described, overwrite=pool == WORK_POOL)  # another one's type is a person's choice
        chosen = [build(entry, settings, pooled=True) for entry in wanted if entry.pool == pool]
        deploy_all(
            *chosen, work_pool_name=pool, build=False, push=False, print_next_steps_message=False, ignore_warnings=True
        )


def validate(settings: Settings, *, thorough: bool, etl: bool = True) -> Iterator[CheckResult]:
    """Yield a check result for each thing that a deployed run needs; `thorough` asks the services, `etl` checks dbt."""
    from orchestrate.server.api import check_access, needed_api, server_version

    yield CheckResult("settings", "ok", f"The settings are right (environment {settings.environment}).")
    try:
        yield server_version(needed_api(settings), settings)
        yield check_access(needed_api(settings))
    except ConfigurationError as error:
        yield CheckResult("server", "problem", error.message, error.hint)
        if not thorough:
            return
    if etl:
        from orchestrate.dbt_build.runner import check_project

        try:
            yield CheckResult("dbt", "ok", f"The dbt project parses: {check_project(settings)} models.")
        except ConfigurationError as error:
            yield CheckResult("dbt", "problem", error.message, error.hint)
    if thorough:
        from extract_load.monitoring.service_checks import check_credentials, check_services
        from extract_load.storage.opening import open_state

        yield from check_credentials(settings)
        state = open_state(settings)
        try:
            yield from check_services(settings, state)
        finally:
            state.close()


def main(
    validate_: Annotated[bool, typer.Option("--validate", help="Check credentials and services as well.")] = False,
    spotify_only: Annotated[bool, typer.Option("--spotify-only", help=f"Deploy {SPOTIFY_INGESTION} alone.")] = False,
    etl_only: Annotated[bool, typer.Option("--etl-only", help=f"Deploy {DAILY_ETL} alone.")] = False,
) -> None:
    """Validate, then deploy."""
    if spotify_only and etl_only:
        raise ConfigurationError("--spotify-only and --etl-only exclude each other.", hint="Leave both out for both.")
    prepare_prefect()
    settings = load_settings()
    found = []
    for result in validate(settings, thorough=validate_, etl=not spotify_only):
        found.append(result)
        if validate_ or result.level in {"problem", "warning"}:
            typer.echo(f"{_MARKS[result.level]}  {result.text} {result.hint}".rstrip())
    if any(result.level == "problem" for result in found):
        raise ConfigurationError("Nothing was deployed.", hint="Fix what is marked PROBLEM above, then try again.")
    from orchestrate.deployments import WORK_POOL, names_of
    from orchestrate.server.api import api_in_use, needed_api, password_of

    names = names_of(ingestion=not etl_only, etl=not spotify_only)
    url = needed_api(settings)
    with api_in_use(url, password_of(url, settings)):
        deploy(settings, names)
    for name in names:
        typer.echo(f"Deployed {name}. Run it now: prefect deployment run {name}")
    typer.echo(f"A worker runs them: prefect worker start --pool {WORK_POOL} --type process")


if __name__ == "__main__":
    from orchestrate.deploy_flows import main as script  # the one copy of this module, not a second named __main__

    run_script(script)
