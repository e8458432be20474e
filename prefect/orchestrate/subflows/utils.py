"""How the parts of a run are run: concurrently, with errors as results, with signals between stages."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextvars import copy_context
from functools import partial
from typing import Any

from prefect.tasks import Task

from extract_load.core.errors import RunStopped
from extract_load.core.results import TaskResult
from extract_load.daily_run.enrichment import steps_of
from extract_load.monitoring.tracked_run import failed_result
from orchestrate.atomic_tasks import STEP_TASKS, with_retries
from orchestrate.runs.context import BACKLOG_TIMEOUT_SECONDS, Run

log = logging.getLogger(__name__)

_SHUTDOWN_SECONDS = 20.0
"""How long the parts of a run that is stopped may take to end, all together; Prefect kills it after 30."""
_BEGIN_SECONDS = 10.0


def run_together(
    run: Run, parts: Mapping[str, Callable[[], Any]], steps_of: Callable[[str], Iterable[str]]
) -> dict[str, Any]:
    """Run parts concurrently and return what each returned, or the exception that ended it.

    `steps_of` names the steps that a part is, or has: when it ends, the steps of other parts wait for none of them.
    Each thread carries the caller's context, so the parts' flow runs are children of the caller's. When the caller is
    cancelled, or after BACKLOG_TIMEOUT_SECONDS, the parts are asked to stop and end between two requests.
    """
    results: dict[str, Any] = {}

    def do(name: str, part: Callable[[], Any]) -> None:
        try:
            results[name] = part()
        except BaseException as error:
            results[name] = error
        finally:
            run.signals.done(*steps_of(name))  # also of a part that failed before its steps began

    threads = [
        threading.Thread(target=copy_context().run, args=(do, name, part), name=name, daemon=True)
        for name, part in parts.items()
    ]
    try:
        _start(run, threads)
        deadline = time.monotonic() + BACKLOG_TIMEOUT_SECONDS
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.1)  # in slices, so that a signal is handled
            if time.monotonic() > deadline:
                run.stop()
    except BaseException:
        run.stop()
        deadline = time.monotonic() + _SHUTDOWN_SECONDS
        for thread in threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))
        raise
    return {name: results[name] for name in parts}


def _start(run: Run, threads: list[threading.Thread]) -> None:
    """Start the parts one after the other; the steps of the first wait until the last part has begun.

    Prefect's SQLite refuses concurrent writers, and a subflow run that it refuses is asked for again two seconds later.
    """
    parts = [thread for thread in threads if thread.name in run.begun]
    if parts:
        run.all_begun.clear()
    try:
        for thread in threads:
            thread.start()
            _let_begin(run, thread)
    finally:
        if parts:
            run.all_begun.set()


def _let_begin(run: Run, part: threading.Thread) -> None:
    """Wait until a part has begun its work."""
    begun = run.begun.get(part.name)
    deadline = time.monotonic() + _BEGIN_SECONDS
    while begun is not None and part.is_alive() and time.monotonic() < deadline and not begun.wait(0.05):
        pass


def attempt(run: Run, work: Task[..., TaskResult], *args: Any) -> TaskResult:
    """Run a task and return its result, a `failed` one after its last retry."""
    return result_or_failure(run, work.name, lambda: work(*args))


def result_or_failure(run: Run, name: str, work: Callable[[], TaskResult]) -> TaskResult:
    """Do some work and return its result; an error becomes a `failed` one, and the flow decides what follows.

    Errors: RunStopped.
    """
    try:
        return work()
    except RunStopped:
        raise
    except Exception as error:
        failed = failed_result(error)
        run.results[name] = failed
        return failed


def _run_step(run: Run, name: str) -> TaskResult:
    return attempt(run, with_retries(STEP_TASKS[name], run), run.key)


def run_steps(run: Run, service: str) -> dict[str, TaskResult]:
    """Run the steps of a service side by side, each a task of the current flow run, and return their results.

    One that fails after its last retry leaves the others at work. Errors: RunStopped.
    """
    steps = steps_of(service)
    run.signals.start(*(step.order for step in steps))
    run.begun[service].set()
    run.all_begun.wait(_BEGIN_SECONDS)
    calls = {step.name: partial(_run_step, run, step.name) for step in steps}
    ended = run_together(run, calls, lambda name: (name,))
    for result in ended.values():
        if not isinstance(result, TaskResult):
            raise result
    return ended
