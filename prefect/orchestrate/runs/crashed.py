"""The reaper of orphaned runs: mark those whose process crashed or was killed as crashed on the Prefect server.

Without it the pages of the server show them running for ever. Which runs crashed is known from the run log.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterParentFlowRunId,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

log = logging.getLogger(__name__)

_UNFINISHED = TaskRunFilter(
    state=TaskRunFilterState(type=TaskRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING]))
)
CRASH_MESSAGE = "Its process crashed or was killed; the run that marked it as crashed goes on from there."


def mark_crashed(run_ids: Iterable[str]) -> None:
    """Mark the flow runs of these ids, with all below them, as crashed where the server has them unfinished.

    An error of the server never stops the run that calls this.
    """
    for run_id in run_ids:
        try:
            _mark_crashed(UUID(run_id))
        except (ObjectNotFound, ValueError):
            continue  # it ran against another server, or without one
        except Exception as error:
            log.info("An orphaned run could not be marked as crashed on the server: %s", error)


def _mark_crashed(run_id: UUID) -> None:
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(run_id)
        unfinished = [one for one in (*_below(client, run.id), run) if one.state is None or not one.state.is_final()]
        for one in unfinished:  # a worker that outlived a run has marked the run itself, not those below it
            for task in client.read_task_runs(flow_run_filter=_of(one.id), task_run_filter=_UNFINISHED):
                client.set_task_run_state(task.id, Crashed(message=CRASH_MESSAGE), force=True)
            client.set_flow_run_state(one.id, Crashed(message=CRASH_MESSAGE), force=True)
        if unfinished:
            log.info("%s was orphaned by a crash; it is marked as crashed.", run.name)


def _of(run_id: UUID) -> FlowRunFilter:
    return FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))


def _below(client: SyncPrefectClient, run_id: UUID) -> Iterator[FlowRun]:
    """Yield every run below a run."""
    parents = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[run_id]))
    for child in client.read_flow_runs(flow_run_filter=parents):
        yield child
        yield from _below(client, child.id)
