"""Steps side by side without Prefect: a thread each, one result for all of them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence

from extract_load.context import Context
from extract_load.core.errors import AuthorizationNeeded, ServiceUnavailable
from extract_load.core.results import Status, TaskResult
from extract_load.steps.step import StepDefinition, run_step


def run_side_by_side(definitions: Sequence[StepDefinition], context: Context) -> TaskResult:
    """Run steps at the same time, each to its end, and return what they came to together.

    One that fails leaves the others at work. A needed sign-in and an outage are a partial result, every other error is
    raised when all have ended.
    """
    ended: dict[str, TaskResult | BaseException] = {}

    def do(definition: StepDefinition) -> None:
        try:
            ended[definition.name] = run_step(definition, context)
        except BaseException as error:
            ended[definition.name] = error
        finally:
            context.signals.done(definition.name)

    context.signals.start(*(definition.order for definition in definitions))
    threads = [threading.Thread(target=do, args=(one,), name=one.name, daemon=True) for one in definitions]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        context.shared.close()
    return add_up(result_of(ended[definition.name]) for definition in definitions)


def result_of(ended: TaskResult | BaseException) -> TaskResult:
    """Return what one step came to. Errors: its own, but for a needed sign-in and an outage."""
    if isinstance(ended, TaskResult):
        return ended
    if isinstance(ended, ServiceUnavailable) and isinstance(ended.result, TaskResult):
        return ended.result
    if isinstance(ended, AuthorizationNeeded | ServiceUnavailable):
        return TaskResult("failed", message=str(ended))
    raise ended


def add_up(results: Iterable[TaskResult]) -> TaskResult:
    """Return the results of steps as one: `partial` when one of them failed or was."""
    found = list(results)
    statuses = {result.status for result in found}
    status: Status = "partial" if statuses & {"failed", "partial"} else "success"
    if statuses <= {"no_updates"}:
        status = "no_updates"
    counts: Counter[str] = Counter()
    for result in found:
        counts.update(result.counts)
    return TaskResult(
        status,
        dict(counts),
        sum(result.requests for result in found),
        sum(result.waited_seconds for result in found),
        " ".join(dict.fromkeys(result.message for result in found if result.message)),
        min((result.resume_at for result in found if result.resume_at), default=None),
    )
