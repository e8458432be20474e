"""dbt's steps without a flow: build seeds and models, run the tests, each alone; and the state that they leave.

A build that was not tested is marked as such until its tests have run, so that nobody publishes it.
"""

from __future__ import annotations

from collections.abc import Sequence

from extract_load.context import Context
from extract_load.core.clock import Clock
from extract_load.core.results import TaskResult
from extract_load.storage.ports import State
from orchestrate.dbt_build.results import NodeResult, split_failures, summarize_build, summarize_tests
from orchestrate.dbt_build.runner import build_models_quietly, dbt_session, run_tests

BUILD, TEST = "build seeds and models", "run the tests"


def build_alone(context: Context) -> TaskResult:
    """Build seeds and models. Errors: as of `build_models`."""
    with context.warehouse.hold(f"{BUILD}, alone"), dbt_session(context.settings):
        mark_untested(context.state, context.clock)
        nodes = build_models_quietly(context.settings)
    record_build(context.state, nodes, context.clock)
    return summarize_build(nodes)


def run_tests_alone(context: Context) -> TaskResult:
    """Run every data test on what was built last. Errors: as of `run_tests`."""
    with context.warehouse.hold(f"{TEST}, alone"), dbt_session(context.settings):
        tests = run_tests(context.settings)
    record_build(context.state, tests, context.clock)
    mark_tested(context.state, context.clock)
    return summarize_tests(tests)


def mark_untested(state: State, clock: Clock) -> None:
    """Note that a build begins: what stands in the warehouse is not tested from now on."""
    state.put("dbt", "untested", True, clock.now())


def mark_tested(state: State, clock: Clock) -> None:
    """Note that every test was run on what was built last."""
    state.put("dbt", "untested", False, clock.now())


def record_build(state: State, nodes: Sequence[NodeResult], clock: Clock) -> None:
    """Keep what a build or its tests came to, for `status`."""
    failed, warned = split_failures(nodes)
    # `told` is what older versions called the tests that warned; the key stays, so that their state is read
    state.put("dbt", "last_build", {"failed": failed, "told": warned, "nodes": len(nodes)}, clock.now())
