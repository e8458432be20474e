"""`music-tracker serve`: both schedules in one process, against a server that is there or one that it brings along."""

from __future__ import annotations

import warnings
from contextlib import ExitStack

from extract_load.core.settings import load_settings
from orchestrate.console import prepare_prefect

MOST_RUNS = 2
"""Runs at the same time: one of each deployment."""


def serve_deployments() -> None:
    """Serve every deployment until it is stopped; starts a Prefect server with a UI when none answers."""
    prepare_prefect()
    settings = load_settings()
    from prefect import serve

    from orchestrate.deployments import CATALOGUE, build
    from orchestrate.server.api import api_in_use, lasting_api, own_api

    # Prefect's own way of stopping makes a coroutine too many; a person who stops us need not read of it.
    warnings.filterwarnings("ignore", "coroutine 'Runner.astop' was never awaited", RuntimeWarning)
    with ExitStack() as stack:
        url = lasting_api(settings) or stack.enter_context(own_api())
        stack.enter_context(api_in_use(url))
        serve(*(build(entry, settings, pooled=False) for entry in CATALOGUE), limit=MOST_RUNS)
