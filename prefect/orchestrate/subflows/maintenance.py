"""After the work of the day, what is due: the weekly upkeep, and the backup to BACKUP_DIR.

Neither is worth a failed run: what could not be done is reported, and done by the next run.
"""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from extract_load.core.results import TaskResult
from extract_load.maintenance.upkeep import is_upkeep_due
from orchestrate.atomic_tasks import back_up, tidy_up, with_retries
from orchestrate.flow_config import FlowConfig
from orchestrate.runs.context import Run, shared_run
from orchestrate.runs.final_state import closing_state
from orchestrate.subflows.utils import attempt, result_or_failure

LAKE = "maintain the lake"


def is_maintenance_due(run: Run) -> bool:
    """Return whether there is anything to do: a day without it costs nothing; a lake has small files every day."""
    return run.settings.is_lake or run.settings.backup_path is not None or is_upkeep_due(run.state, run.clock.now())


@flow(name="maintenance", flow_run_name="tidy up, back up", validate_parameters=True)
def maintenance_subflow(config: FlowConfig | None = None, run_key: str | None = None) -> State[Any]:
    """Compact and prune once a week, then copy what is new to BACKUP_DIR, and verify the backup once a week."""
    with shared_run(config, run_key) as run:
        if run.settings.is_lake:  # its backups are those of PostgreSQL and of the object store
            return closing_state({LAKE: result_or_failure(run, LAKE, lambda: _maintain_lake(run))})
        results = {}
        if is_upkeep_due(run.state, run.clock.now()):
            results[tidy_up.name] = attempt(run, with_retries(tidy_up, run), run.key)
        if run.settings.backup_path is not None:
            results[back_up.name] = attempt(run, with_retries(back_up, run), run.key)
        return closing_state(results)


def _maintain_lake(run: Run) -> TaskResult:
    from extract_load.storage.lake.maintenance import maintain
    from extract_load.storage.lake.warehouse import LakeWarehouse

    done = maintain(LakeWarehouse(run.settings, run.clock))
    return TaskResult("success", {"files": done.files, "files_before": done.files_before, "removed": done.removed})
