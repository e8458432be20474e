"""What the tasks have in common: one form of result, one way to fail, one line in the log of runs.

The work itself stays in `extract_load`. A task either returns a `TaskResult` or raises; only a passing trouble
(`ServiceUnavailable`, a busy warehouse among them) is worth another try. A spent budget is a result, not an error.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from extract_load.context import Context, StageResult
from extract_load.core.errors import AuthorizationNeeded, MusicTrackerError, QuotaExhausted, ServiceUnavailable
from extract_load.monitoring.run_log import RunLog, TaskRecord

if TYPE_CHECKING:
    from prefect import State
    from prefect.client.schemas.objects import TaskRun
    from prefect.tasks import Task

    from orchestrate.subflows.utils import Run

log = logging.getLogger(__name__)

Status = Literal["success", "no_updates", "partial", "failed"]
T = TypeVar("T")

BACKLOG_TIMEOUT_SECONDS = 12 * 3600
"""No task runs longer than this, however much is waiting; what is left is the next run's."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What one task did. `partial`: work is left; from `resume_at` (UTC) on it can go on, None after an outage."""

    status: Status = "success"
    counts: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    waited_seconds: float = 0.0
    message: str = ""
    resume_at: datetime | None = None
    seconds: float = 0.0

    @property
    def is_trouble(self) -> bool:
        """Whether something did not go as it should: it failed, or stopped half-way with no time named to go on."""
        return self.status == "failed" or (self.status == "partial" and self.resume_at is None)

    def line(self) -> str:
        """Say it in one line: counts, requests and waits where there are any, and the message."""
        parts = [f"{count:,} {name.replace('_', ' ')}" for name, count in self.counts.items() if count]
        if self.requests:
            parts.append(f"{self.requests:,} requests")
        if self.waited_seconds >= 1:
            parts.append(f"{self.waited_seconds:,.0f} s waited")
        said = ", ".join(parts)
        return ". ".join(part.rstrip(".") for part in (self.message, said) if part) or self.status.replace("_", " ")


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
            self._note(TaskResult("failed", message=in_a_sentence(error)), started, time.monotonic() - since)
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

    def __init__(self, run: Run, name: str, enrich: Callable[[Context], StageResult]) -> None:
        super().__init__(run, name, enrich, self.of_stage)

    @staticmethod
    def of_stage(result: StageResult) -> TaskResult:
        """Put a stage's result into our form."""
        return TaskResult(
            status=result.status,
            counts=dict(result.counts),
            requests=result.requests,
            waited_seconds=result.waited_seconds,
            message=result.message,
            resume_at=result.resume_at,
        )


def in_a_sentence(error: BaseException) -> str:
    """Say an error plainly: ours as they are, others by their kind and first line."""
    if isinstance(error, MusicTrackerError):
        return str(error)
    first = str(error).strip().splitlines()[:1]
    return f"{type(error).__name__}: {first[0]}" if first else type(error).__name__


def is_transient(_task: Task[Any, Any], _run: TaskRun, state: State[Any]) -> bool:
    """Say whether another try can help: only when a service or the warehouse was not available."""
    try:
        state.result()
    except ServiceUnavailable as error:
        return type(error).__name__ != "RunStopped"
    except Exception:
        return False
    return False
