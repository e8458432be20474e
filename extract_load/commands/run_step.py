"""`music-tracker run STEP`: one step of the daily run alone, without a Prefect server; and the same from Python.

The steps of the enrichment and those that ask no service are known here; dbt's are offered by the layer above.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from extract_load.commands.session import context_of_a_command
from extract_load.core.errors import ConfigurationError, ServiceUnavailable
from extract_load.core.flows import DAILY_ETL, lock_file_name
from extract_load.core.results import TaskResult
from extract_load.core.text import printable

if TYPE_CHECKING:
    from extract_load.context import Context

_SECONDS_BETWEEN = 5.0


@dataclass(frozen=True, slots=True)
class SingleStep:
    """A step that can be run alone; `limit` bounds its entities where it takes one."""

    name: str
    description: str
    work: Callable[[Context, int | None], TaskResult]


_offered: list[SingleStep] = []


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def offer_step(name: str, description: str, work: Callable[[Context], TaskResult]) -> None:
    """Register a step of a layer above; it takes no limit. One of the same name is replaced."""
    _offered[:] = [step for step in _offered if step.name != name]
    _offered.append(_local(name, description, work))


def run(
    step: Annotated[str | None, typer.Argument(help="Which one, such as read-tracks; none: list them.")] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="How many entities, where the step takes a limit.")] = None,
) -> None:
    """Run one step of the daily run alone; needs no Prefect server."""
    if step is None:
        for one in single_steps():
            typer.echo(f"{_slug(one.name):<26}{one.description}")
        return
    result = run_alone(step, limit)
    typer.echo(printable(f"{step}: {result.line()}"))
    raise typer.Exit(1 if result.status == "failed" else 0)


def run_alone(name: str, limit: int | None = None) -> TaskResult:
    """Run the step of a name ("read tracks" or read-tracks) to its end and return its result.

    What lies in the spool is landed first. Errors: ConfigurationError for an unknown step, or one without a limit;
    ServiceUnavailable while `daily-etl` runs, and for an outage (with what was done as `result`).
    """
    step = _find(name)
    with context_of_a_command("run", asks_services=True) as context:
        context.progress = _Terminal()
        with _instead_of_daily_etl(context, step.name), closing(context.shared):
            return step.work(context, limit)


def single_steps() -> list[SingleStep]:
    """Return every step that can be run alone, in the order of a daily run."""
    from extract_load.daily_run import enrichment, local_steps

    loading = _local(local_steps.LOAD, "Land what was spooled.", local_steps.load_spool)
    checking = _local(local_steps.RECONCILE, "Check that every row is accounted for.", local_steps.reconcile)
    asking = [SingleStep(step.name, step.description, _enriching(step.name)) for step in enrichment.STEPS]
    words = "Publish what was built and tested last."
    publishing = _local(local_steps.PUBLISH, words, local_steps.publish_last_build)
    return [loading, checking, *asking, *_offered, publishing]


def _find(name: str) -> SingleStep:
    steps = single_steps()
    for step in steps:
        if _slug(step.name) == _slug(name):
            return step
    known = ", ".join(_slug(step.name) for step in steps)
    raise ConfigurationError(f"There is no step {name!r}.", hint=f"Steps: {known}.")


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _enriching(name: str) -> Callable[[Context, int | None], TaskResult]:
    def work(context: Context, limit: int | None) -> TaskResult:
        from extract_load.daily_run.enrichment import find_step
        from extract_load.steps.step import run_step, with_limit

        step = find_step(name)
        limited = with_limit(step, context, limit)
        context.landing.land(purpose=f"{name}: what was spooled")
        return run_step(step, limited)

    return work


def _local(name: str, description: str, work: Callable[[Context], TaskResult]) -> SingleStep:
    def without_limit(context: Context, limit: int | None) -> TaskResult:
        if limit is not None:
            raise ConfigurationError(f"{name} has no limit.", hint="Leave out --limit.")
        return work(context)

    return SingleStep(name, description, without_limit)


@contextmanager
def _instead_of_daily_etl(context: Context, name: str) -> Iterator[None]:
    """Keep a daily run from beginning meanwhile: it would ask for the same things."""
    from extract_load.storage.writer_lock import WarehouseBusy, WriterLock

    lock = WriterLock(context.settings.data_dir / lock_file_name(DAILY_ETL))
    with ExitStack() as stack:
        try:
            stack.enter_context(lock.held(f"music-tracker run {_slug(name)}", 0))
        except WarehouseBusy:
            msg = f"{DAILY_ETL} is running ({lock.holder() or 'another process'})."
            raise ServiceUnavailable(msg, hint="It does the same step; try again when it has ended.") from None
        yield


class _Terminal:
    """Says how far the step is, every few seconds."""

    def __init__(self) -> None:
        self._last_said = time.monotonic()

    def __call__(self, step: str, done: int, total: int | None) -> None:
        if time.monotonic() - self._last_said >= _SECONDS_BETWEEN:
            self._last_said = time.monotonic()
            typer.echo(f"{step}: {done:,}{f' of {total:,}' if total else ''}", err=True)
