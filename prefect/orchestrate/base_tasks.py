"""What the tasks have in common: one form of result, one way to fail, one retry condition, one row in the run log.

The work itself stays in `extract_load`. A task either returns a `TaskResult` or raises. Only a transient error is
retried: `ServiceUnavailable`, which includes a busy warehouse. A spent budget is a result, not an error.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from extract_load.context import Context
from extract_load.core.errors import AuthorizationNeeded, QuotaExhausted, ServiceUnavailable
from extract_load.core.results import TaskResult
from extract_load.monitoring.tracked_run import track_task
from extract_load.steps.step import StepDefinition, run_step
from orchestrate.runs.context import STEP_SECONDS, Run

if TYPE_CHECKING:
    from prefect import State
    from prefect.client.schemas.objects import TaskRun
    from prefect.tasks import Task

log = logging.getLogger(__name__)

T = TypeVar("T")


class BaseTask(ABC):
    """One task of a run: does its work and records what it came to."""

    def __init__(self, run: Run, name: str) -> None:
        self.run = run
        self.name = name

    @abstractmethod
    def work(self) -> TaskResult:
        """Do the work of the task and return its result."""

    def execute(self) -> TaskResult:
        """Do the work, record its result in the run and in the run log, and return it.

        Errors: those of the work, except a spent budget (`partial`) and a needed sign-in (`failed`), which are results.
        """
        track_task(self.run.context(), self.name, self._work_or_expected_stop, lambda result: result, self._keep)
        return self.run.results[self.name]

    def _work_or_expected_stop(self) -> TaskResult:
        try:
            return self.work()
        except QuotaExhausted as error:
            return TaskResult("partial", message=str(error), resume_at=error.resume_at)
        except AuthorizationNeeded as error:
            return TaskResult("failed", message=str(error))

    def _keep(self, result: TaskResult) -> None:
        self.run.results[self.name] = result
        log.log(logging.WARNING if result.status == "failed" else logging.INFO, "%s: %s", self.name, result.line())


class BaseProcessorTask(BaseTask):
    """A task around one function of `extract_load` that takes a `Context`; `report` turns its answer into a result."""

    def __init__(
        self, run: Run, name: str, processor: Callable[[Context], T], report: Callable[[T], TaskResult]
    ) -> None:
        super().__init__(run, name)
        self._do: Callable[[], TaskResult] = lambda: report(processor(run.context()))

    def work(self) -> TaskResult:
        """Call the processor."""
        return self._do()


class BaseEnrichmentTask(BaseProcessorTask):
    """A task around one step of an enrichment, whose progress the pages show while it is at work."""

    def __init__(self, run: Run, step: StepDefinition) -> None:
        seconds = run.config.default_timeout if step.is_one_call else STEP_SECONDS
        super().__init__(
            run, step.name, lambda context: run_step(step, context, deadline_seconds=seconds), lambda result: result
        )

    def work(self) -> TaskResult:
        """Do the step."""
        with self.run.progress.shown(self.name):
            return super().work()


def is_transient(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return whether a retry can help: only when a service or the warehouse was not available."""
    try:
        state.result()
    except ServiceUnavailable:
        return True
    except Exception:
        return False
    return False
