"""The tasks: each a thin wrapper around one function of `extract_load`, with one side effect and a verb for a name.

A task is given the key of its run and returns a `TaskResult`, never data. Fast retries (a 429, a truncated answer) live
in the transport; here a task that a transient error stopped is retried after half a minute, then one, then two. Every
task has a time-out: `default_timeout` for what is one call, half a day for what works through a backlog.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.tasks import Task, exponential_backoff

from extract_load.context import Context
from extract_load.core.results import TaskResult
from extract_load.daily_run.enrichment import STEPS
from extract_load.daily_run.local_steps import LOAD, PUBLISH, RECONCILE, load_spool, publish_marts, reconcile
from extract_load.steps.step import StepDefinition
from orchestrate.base_tasks import BaseEnrichmentTask, BaseProcessorTask, is_transient
from orchestrate.dbt_build.alone import BUILD, TEST, mark_tested, mark_untested
from orchestrate.flow_config import RETRY_DELAY
from orchestrate.runs.context import BACKLOG_TIMEOUT_SECONDS, Run, shared_run

if TYPE_CHECKING:
    from extract_load.spotify.recently_played import PollResult

P = ParamSpec("P")
R = TypeVar("R")


def atomic(name: str, description: str | None = None) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Return a decorator that makes a task: never cached, retried with backoff and jitter, on transient errors only."""

    def decorate(function: Callable[P, R]) -> Task[P, R]:
        return task(
            name=name,
            description=description,
            task_run_name=name,
            cache_policy=NO_CACHE,
            persist_result=False,
            retry_delay_seconds=exponential_backoff(RETRY_DELAY),
            retry_jitter_factor=0.5,
            retry_condition_fn=is_transient,
        )(function)

    return decorate


def with_retries(work: Task[P, R], run: Run, *, one_call: bool = False) -> Task[P, R]:
    """Return a task with the run's number of retries, and with its time-out where the task is one call.

    In a thread beside others Prefect's time-outs can't interrupt: there a step ends by its own deadline.
    """
    timeout = run.config.default_timeout if one_call else BACKLOG_TIMEOUT_SECONDS
    interruptible = threading.current_thread() is threading.main_thread()
    delay = RETRY_DELAY if run.config.retry_delay is None else run.config.retry_delay
    return work.with_options(
        retries=run.config.retries or 0,
        retry_delay_seconds=exponential_backoff(delay),
        timeout_seconds=timeout if interruptible else None,
    )


@atomic("poll recently played")
def poll_recently_played(limit: int, run_key: str, listener_id: str | None = None) -> TaskResult:
    """Poll Spotify for the newest plays of a listener, spool them as a file, and land them if the warehouse is free."""
    from extract_load.commands.ingestion import summarize_poll
    from extract_load.core.listeners import only_listener
    from extract_load.spotify.poll_listeners import poll_as, poll_task
    from extract_load.spotify.recently_played import poll

    with shared_run(key=run_key) as run:
        listener = only_listener(run.settings, listener_id)
        name = poll_task(listener, is_only=not run.settings.has_several_listeners)

        def work(context: Context) -> PollResult:
            return poll_as(context, listener, lambda _, own: poll(own, limit=limit))

        return BaseProcessorTask(run, name, work, summarize_poll).execute()


@atomic("import the inbox")
def import_the_inbox(run_key: str) -> TaskResult:
    """Import the exports that lie in the inbox; what can't be read is put aside."""
    from extract_load.spotify.history_import.inbox import import_inbox, summarize_inbox

    with shared_run(key=run_key) as run:
        return BaseProcessorTask(run, "import the inbox", import_inbox, summarize_inbox).execute()


@atomic(LOAD)
def load_the_spool(run_key: str) -> TaskResult:
    """Land every file of the spool and the cache that is not in the warehouse yet."""
    with shared_run(key=run_key) as run:
        return BaseProcessorTask(run, LOAD, load_spool, lambda result: result).execute()


@atomic(RECONCILE)
def reconcile_landing(run_key: str) -> TaskResult:
    """Check that every row of every file is accounted for."""
    with shared_run(key=run_key) as run:
        return BaseProcessorTask(run, RECONCILE, reconcile, lambda result: result).execute()


def step_task(step: StepDefinition) -> Task[[str], TaskResult]:
    """Return the task around one step of an enrichment, which is given the key of its run."""

    @atomic(step.name, step.description)
    def do_step(run_key: str) -> TaskResult:
        with shared_run(key=run_key) as run:
            return BaseEnrichmentTask(run, step).execute()

    return do_step


STEP_TASKS = {step.name: step_task(step) for step in STEPS}
"""The task of each step, by its name: `STEP_TASKS["read tracks"](run_key)`."""


@atomic(BUILD)
def build_seeds_and_models(run_key: str) -> TaskResult:
    """Build seeds and models with dbt, each shown as a task of the flow run. Call it inside a `dbt_session`."""
    from orchestrate.dbt_build.results import summarize_build
    from orchestrate.dbt_build.runner import build_models

    with shared_run(key=run_key) as run:

        def work(context: Context) -> TaskResult:
            mark_untested(context.state, context.clock)
            run.nodes = build_models(run.settings)
            return summarize_build(run.nodes)

        return BaseProcessorTask(run, BUILD, work, lambda result: result).execute()


@atomic(TEST)
def check_models(run_key: str) -> TaskResult:
    """Run every data test of the dbt project and name those that failed. Call it inside a `dbt_session`."""
    from orchestrate.dbt_build.results import summarize_tests
    from orchestrate.dbt_build.runner import run_tests

    with shared_run(key=run_key) as run:

        def work(context: Context) -> TaskResult:
            tests = run_tests(run.settings)
            run.nodes = [*run.nodes, *tests]
            mark_tested(context.state, context.clock)
            return summarize_tests(tests)

        return BaseProcessorTask(run, TEST, work, lambda result: result).execute()


@atomic(PUBLISH)
def publish_the_marts(run_key: str, blocking_failures: list[str]) -> TaskResult:
    """Publish the marts to the file that readers open, unless a blocking test failed."""
    with shared_run(key=run_key) as run:
        return BaseProcessorTask(
            run,
            PUBLISH,
            lambda context: publish_marts(context, blocking_failures, run.listeners),
            lambda result: result,
        ).execute()


@atomic("write pages")
def write_pages(run_key: str) -> TaskResult:
    """Write the pages over the published file into PAGE_SNAPSHOT_DIR; those of several listeners into a folder each."""
    from extract_load.core.listeners import published_path_of, registry_of
    from page.snapshot import Written, write_snapshot

    def report(written: list[Written]) -> TaskResult:
        counts = {"pages": sum(one.pages for one in written), "bytes": sum(one.size for one in written)}
        return TaskResult("success", counts if written else {})

    with shared_run(key=run_key) as run:

        def work(context: Context) -> list[Written]:
            settings, folder = context.settings, context.settings.snapshot_path
            if folder is None:
                return []
            if not settings.has_several_listeners:
                return [write_snapshot(settings.published_path, folder)]
            ids = run.listeners or [one.listener_id for one in registry_of(settings)]
            return [write_snapshot(published_path_of(settings, one), folder / one) for one in ids]

        return BaseProcessorTask(run, "write pages", work, report).execute()


@atomic("tidy up")
def tidy_up(run_key: str) -> TaskResult:
    """Do the weekly upkeep: compact past days, delete records of requests and tasks older than two years."""
    from extract_load.maintenance.upkeep import weekly_upkeep

    with shared_run(key=run_key) as run:
        return BaseProcessorTask(
            run,
            "tidy up",
            lambda context: weekly_upkeep(context.settings, context.state, context.warehouse, clock=context.clock),
            lambda result: result,
        ).execute()


@atomic("back up")
def back_up(run_key: str) -> TaskResult:
    """Copy what is new to BACKUP_DIR, and verify the backup once a week."""
    from extract_load.maintenance.scheduled_backup import back_up_daily
    from orchestrate.dbt_build.runner import build_marts

    with shared_run(key=run_key) as run:
        return BaseProcessorTask(
            run,
            "back up",
            lambda context: back_up_daily(context.settings, context.state, build_marts, clock=context.clock),
            lambda result: result,
        ).execute()
