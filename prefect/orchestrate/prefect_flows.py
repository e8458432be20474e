"""Run a flow once, by hand: `prefect_flows.py --flow spotify|etl`, with `--help` for the rest.

Talks to the Prefect server that is set or answers on this machine; without one, to a temporary server for the length of
the run. Exits with 0 when the run did its work or was skipped because another one is running, with 1 when it failed or
was stopped.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from extract_load.core.folder_access import require_writable
from extract_load.core.network_environment import proxy_of
from extract_load.core.settings import load_settings
from extract_load.monitoring.service_checks import service_addresses
from orchestrate.console import prepare_prefect, quiet_prefect_logs, run_script
from orchestrate.flow_config import FlowConfig, get_flow_config

_STARTED_BY_US = "MUSIC_TRACKER_SERVER_FOUND"


class WhichFlow(StrEnum):
    """The flows that can be run."""

    SPOTIFY = "spotify"
    ETL = "etl"


def run(
    which: WhichFlow,
    limit: int = 50,
    config_env: str | None = None,
    *,
    force: bool = False,
    listeners: Sequence[str] = (),
) -> int:
    """Run a flow and return the exit code. Errors: ConfigurationError before any work."""
    prepare_prefect(plain_logs=True)
    config = get_flow_config(config_env)
    require_writable(config.settings())
    for address in service_addresses(config.settings()):
        proxy_of(address)  # one that can't be used stops the run before any work
    from orchestrate.server.api import api_in_use, configured_api, password_of, running_api, temporary_api

    if os.environ.get(_STARTED_BY_US):  # its server is there, however long it takes to answer
        return _run_here(which, limit, config, force=force, listeners=listeners)
    words = ["--flow", which.value, "--limit", str(limit), *(["--config-env", config_env] if config_env else [])]
    words += [*(["--force"] if force else []), *(word for one in listeners for word in ("--listener", one))]
    settings = load_settings()
    url = running_api(settings)
    if url is None:
        with temporary_api() as found:
            return _run_in_child_process(words, found)
    with api_in_use(url, password_of(url, settings)):
        if url == configured_api():
            return _run_here(which, limit, config, force=force, listeners=listeners)
        return _run_in_child_process(words, url)


def main(
    flow: Annotated[WhichFlow, typer.Option(help="Which flow to run.")],
    limit: Annotated[int, typer.Option(min=1, max=50, help="Newest plays to ask for (spotify).")] = 50,
    config_env: Annotated[
        str | None, typer.Option(help="development, testing or production; default: ENVIRONMENT.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build and publish also when nothing changed (etl).")] = False,
    listener: Annotated[list[str] | None, typer.Option(help="For whom, by id; again for more. Default: all.")] = None,
) -> None:
    """Run a flow once."""
    raise typer.Exit(run(flow, limit, config_env, force=force, listeners=listener or ()))


def _run_in_child_process(words: Sequence[str], url: str) -> int:
    """Run in a child process, which flushes its logs, against a server that Prefect's settings do not name."""
    command = [sys.executable, "-m", "orchestrate.prefect_flows", *words]
    environment = {**os.environ, "PREFECT_API_URL": url, _STARTED_BY_US: "true"}
    child = subprocess.Popen(command, env=environment)
    before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        return child.wait()
    except KeyboardInterrupt:  # the child got the signal as well, and shuts down cleanly
        return child.wait()
    finally:
        signal.signal(signal.SIGTERM, before)


def _run_here(which: WhichFlow, limit: int, config: FlowConfig, *, force: bool, listeners: Sequence[str]) -> int:
    from orchestrate.flows.daily_etl import daily_etl
    from orchestrate.flows.spotify_ingestion import spotify_ingestion
    from orchestrate.runs.final_state import SKIPPED

    quiet_prefect_logs()
    if which is WhichFlow.SPOTIFY:
        state = spotify_ingestion(limit, config, list(listeners), return_state=True)
    else:
        state = daily_etl(config, force, list(listeners), return_state=True)
    return 0 if state.is_completed() or state.name == SKIPPED else 1


if __name__ == "__main__":
    from orchestrate.prefect_flows import main as script  # the one copy of this module, not a second named __main__

    run_script(script)
