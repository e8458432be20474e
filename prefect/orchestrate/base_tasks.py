"""What the tasks have in common: one form of result, one way to fail, one line in the log of runs.

The work itself stays in `extract_load`. A task either returns a `TaskResult` or raises; only a passing trouble
(`ServiceUnavailable`, a busy warehouse among them) is worth another try. A spent budget is a result, not an error.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from extract_load.context import Context
from extract_load.core.errors import AuthorizationNeeded, QuotaExhausted, ServiceUnavailable
from extract_load.core.results import TaskResult, describe_error
from extract_load.monitoring.run_log import RunLog, TaskRecord

if TYPE_CHECKING:
    from prefect import State
    from prefect.client.schemas.objects import TaskRun
    from prefect.tasks import Task

    from orchestrate.runs.context import Run

log = logging.getLogger(__name__)

T = TypeVar("T")


class BaseTask(ABC):
    """One task of a run: does its work, times it, writes it down."""

    def __init__(self, run: Run, name: str) -> None:
        self.run = run
        self.name = name

    @abstractmethod
    def work(self) -> TaskResult:
        """Do it."""

    def execute(self) -> TaskResult:
        """Do the work and note what came of it in the run and in the log of runs.

        Errors: those of the work, but for a spent budget (`partial`) and a needed sign-in (`failed`): a result each.
        """
        started, since = self.run.clock.now(), time.monotonic()
        try:
            result = self.work()
        except QuotaExhausted as error:
            result = TaskResult("partial", message=str(error), resume_at=error.resume_at)
        except AuthorizationNeeded as error:
            result = TaskResult("failed", message=str(error))
        except Exception as error:
            self._note(TaskResult("failed", message=describe_error(error)), started, time.monotonic() - since)
            raise
        return self._note(result, started, time.monotonic() - since)

    def _note(self, result: TaskResult, started: datetime, seconds: float) -> TaskResult:
        result = replace(result, seconds=seconds)
        self.run.results[self.name] = result
        log.log(logging.WARNING if result.status == "failed" else logging.INFO, "%s: %s", self.name, result.line())
        RunLog(self.run.state).task(
            TaskRecord(
                run_id=self.run.key,
                task=self.name,
                started_at=started,
                seconds=seconds,
                status=result.status,
                counts=result.counts,
                requests=result.requests,
                waited_seconds=result.waited_seconds,
                message=result.message,
            )
        )
        return result


class BaseProcessorTask(BaseTask):
    """A task around one function of `extract_load` that takes a `Context`; `report` puts its answer into our form."""

    def __init__(
        self, run: Run, name: str, processor: Callable[[Context], T], report: Callable[[T], TaskResult]
    ) -> None:
        super().__init__(run, name)
        self._do: Callable[[], TaskResult] = lambda: report(processor(run.context()))

    def work(self) -> TaskResult:
        """Call the processor."""
        return self._do()


class BaseEnrichmentTask(BaseProcessorTask):
    """A task around one enrichment stage."""

    def __init__(self, run: Run, name: str, enrich: Callable[[Context], TaskResult]) -> None:
        super().__init__(run, name, enrich, lambda result: result)


def is_transient(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return whether another try can help: only when a service or the warehouse was not available."""
    try:
        state.result()
    except ServiceUnavailable as error:
        return type(error).__name__ != "RunStopped"
    except Exception:
        return False
    return False
