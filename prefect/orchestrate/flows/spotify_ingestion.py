"""`spotify-ingestion`: ask Spotify for the newest plays, every half hour.

Deployed with a schedule of INGEST_INTERVAL_MINUTES; each scheduled run waits a random moment (jitter) first, so that
not everybody polls on the minute. The answer is a file before it is rows: a locked warehouse never loses a play.
Exports that lie in the inbox are imported after the poll.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Annotated, Any

from prefect import State, flow, get_run_logger
from prefect.context import FlowRunContext
from pydantic import Field

from extract_load.core.flows import SPOTIFY_INGESTION
from extract_load.spotify.history_import.inbox import has_entries
from extract_load.spotify.poll_listeners import listeners_to_poll, poll_task
from orchestrate.atomic_tasks import import_the_inbox, poll_recently_played, with_retries
from orchestrate.flow_config import FlowConfig
from orchestrate.monitoring import monitored
from orchestrate.runs.context import Run, run_name
from orchestrate.subflows.utils import attempt

JITTER_SHARE = 0.05
"""A scheduled poll waits up to this share of its interval."""


@flow(name=SPOTIFY_INGESTION, flow_run_name=run_name, validate_parameters=True, timeout_seconds=3600)
def spotify_ingestion(
    limit: Annotated[int, Field(ge=1, le=50, description="How many of the newest plays to ask for.")] = 50,
    config: FlowConfig | None = None,
    listeners: Annotated[list[str] | None, Field(description="Whose, by id; empty: all who have signed in.")] = None,
) -> State[Any]:
    """Poll the newest plays and land them."""
    with monitored(SPOTIFY_INGESTION, config, fatal=(poll_recently_played.name,)) as monitored_run:
        run = monitored_run.run
        if not monitored_run.busy:
            _wait_with_jitter(run)
            _poll(run, limit, listeners or ())
            if has_entries(run.context()):
                attempt(run, with_retries(import_the_inbox, run), run.key)
    return monitored_run.state()


def _poll(run: Run, limit: int, named: Sequence[str]) -> None:
    """Poll each listener by a task of their own: what stops one leaves the others at work."""
    is_only = not run.settings.has_several_listeners
    for listener in listeners_to_poll(run.context(), named):
        name = poll_task(listener, is_only=is_only)
        work = with_retries(poll_recently_played, run, one_call=True).with_options(name=name, task_run_name=name)
        attempt(run, work, limit, run.key, listener.listener_id)


def _wait_with_jitter(run: Run) -> None:
    """Wait a random moment when the schedule started this run, not when a person did."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or not context.flow_run.auto_scheduled:
        return
    seconds = random.uniform(0, JITTER_SHARE * 60 * run.settings.ingest_interval_minutes)
    get_run_logger().info("Polling in %.0f s.", seconds)
    run.clock.sleep(seconds)
