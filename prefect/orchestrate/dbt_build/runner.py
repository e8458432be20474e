"""Run dbt, through prefect-dbt or alone: the only module that calls it.

Models and seeds are built first and appear as tasks of the flow run; then all data tests run as one task, with the
failures named: a task run per test would double the time and the memory of a build. Unit tests check the SQL, not the
data, and stay with `dbt build` and the project's own tests. Always holds: the caller holds the writer lock for the
whole build, dbt keeps its connection open until the end, and it is closed here whatever happens.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from extract_load.core.errors import ConfigurationError, ServiceUnavailable
from extract_load.core.failpoints import failpoint
from extract_load.core.settings import Settings, project_root
from extract_load.storage.opening import open_warehouse
from orchestrate.dbt_build.results import NodeResult, blocking_failures, build_slices, node_results
from orchestrate.server.client_certificates import share_certificates

log = logging.getLogger(__name__)

BUCKET_FILE = "MUSIC_TRACKER_BUCKET_FILE"
"""The variable by which dbt_project/plugins/attach_warehouse.py knows the file of a bucket."""
PARSED = "partial_parse.msgpack"
_NO_FILES = "--no-write-json"  # the outcome is returned: nobody reads manifest.json and run_results.json
_NODE_THREADS = "(run_task)"


def build_models(settings: Settings) -> list[NodeResult]:
    """Build seeds and models, each shown as a task when called in a flow run. Call it inside a `dbt_session`.

    More plays than fit are built in slices; what is returned are the results of the last one.
    Errors: ServiceUnavailable when the warehouse is taken, ConfigurationError when the project does not compile.
    """
    share_certificates()
    failpoint("dbt.build")
    return build_slices(lambda _: _build_with_tasks(settings))


def _build_with_tasks(settings: Settings) -> list[NodeResult]:
    from prefect.context import GLOBAL_SETTINGS_CONTEXT, SettingsContext
    from prefect_dbt import PrefectDbtRunner

    is_settings_of_the_process = SettingsContext.get() is GLOBAL_SETTINGS_CONTEXT

    class SharedSettingsRunner(PrefectDbtRunner):  # type: ignore[misc]
        """Lets the thread of each model use the settings of this process; reading them again costs 0.1 s a model."""

        is_stopped = False

        def _call_task(self, task_state: Any, node: Any, context: dict[str, Any], enable_assets: bool) -> None:
            if is_settings_of_the_process:
                context = {**context, "settings_context": {}}
            failpoint("dbt.model")
            super()._call_task(task_state, node, context, enable_assets)

        def _queue_callback(self, callback: Any, event: Any, priority: int | None = None) -> None:
            if _tells_of_a_stop(event):
                self.is_stopped = True
            else:
                super()._queue_callback(callback, event, priority)

    runner = SharedSettingsRunner(
        settings=_runner_settings(settings),
        raise_on_failure=False,
        disable_assets=True,
    )
    arguments = ["build", "--target", "prod", "--exclude-resource-types", "test", "unit_test", "--log-path"]
    try:
        done = runner.invoke([*arguments, str(target_dir(settings) / "logs")])
    except ValueError as error:
        if runner.is_stopped:
            raise KeyboardInterrupt from None
        raise _translate_error(error.__cause__ or error) from None
    if done.exception is not None and not isinstance(done.exception, Exception):
        raise done.exception
    return node_results(done.result)


def _tells_of_a_stop(event: Any) -> bool:
    """Return whether dbt reports, as a crash of its own, that it was interrupted; a stop is told by whoever stops."""
    if event.info.name == "MainStackTrace":
        return str(event.data.stack_trace).rstrip().endswith("KeyboardInterrupt")
    return event.info.name == "MainEncounteredError" and not event.data.exc


def _runner_settings(settings: Settings) -> Any:
    from dbt_common.events.base_types import EventLevel
    from prefect_dbt import PrefectDbtSettings

    class ProfileInPlace(PrefectDbtSettings):  # type: ignore[misc]
        """Reads profiles.yml where it lies: the profile finds its plugin by its own folder."""

        @contextmanager
        def resolve_profiles_yml(self) -> Iterator[str]:
            yield str(self.profiles_dir)

    return ProfileInPlace(
        project_dir=project_dir(),
        profiles_dir=project_dir(),
        target_path=target_dir(settings),
        log_level=EventLevel.ERROR,  # failed tests are logged by name instead
    )


def build_models_quietly(settings: Settings, *, full_refresh: bool = False) -> list[NodeResult]:
    """Build seeds and models with dbt alone: no task run, no server. Call it inside a `dbt_session`.

    With `full_refresh` everything is made again, else the months that differ from the last build.
    """
    whole = ("--full-refresh",) if full_refresh else ()
    return _run_dbt_alone(settings, "build", _NO_FILES, "--exclude-resource-types", "test", "unit_test", *whole)


def flush_task_reports(seconds: float = 120) -> None:
    """Wait for task reports: until the server has the final state of every model's task.

    prefect-dbt sends them from threads and waits for none; a process that ends would cut them off.
    """
    deadline = time.monotonic() + seconds
    for thread in threading.enumerate():
        if thread.name.endswith(_NODE_THREADS):
            thread.join(max(0.0, deadline - time.monotonic()))


def build_selected(settings: Settings, target: str, *selection: str) -> list[NodeResult]:
    """Build a selection of models, and all seeds, in a target, with dbt alone. Call it inside a `dbt_session`."""
    seeds = ("resource_type:seed",) if "--select" in selection else ()
    return _run_dbt_alone(
        settings, "build", "--exclude-resource-types", "test", "unit_test", *selection, *seeds, target=target
    )


def run_tests(settings: Settings, *, target: str = "prod") -> list[NodeResult]:
    """Run every data test of the built models and return the outcome of each. Call it inside a `dbt_session`."""
    failpoint("dbt.test")
    return _run_dbt_alone(settings, "test", _NO_FILES, "--exclude-resource-types", "unit_test", target=target)


def check_project(settings: Settings) -> int:
    """Parse the project and return the number of its models. Errors: ConfigurationError when it does not parse."""
    from dbt.cli.main import dbtRunner

    arguments = [
        *("parse", "--target", "prod", "--quiet", "--log-level", "none", "--project-dir", str(project_dir())),
        *("--profiles-dir", str(project_dir()), "--target-path", str(target_dir(settings))),
        *("--log-path", str(target_dir(settings) / "logs")),
    ]
    with dbt_session(settings):
        done = dbtRunner().invoke(arguments)
    if done.exception:
        raise _translate_error(done.exception)
    nodes: Any = done.result
    return sum(1 for node in nodes.nodes.values() if node.resource_type == "model")


def project_dir() -> Path:
    """Return the folder of the dbt project."""
    return project_root() / "dbt_project"


def target_dir(settings: Settings) -> Path:
    """Return dbt's target folder: beside the warehouse, apart from that of a person's own `dbt build`."""
    return settings.data_dir / ".dbt"


def bring_parsed(settings: Settings) -> None:
    """Copy what dbt parsed for a data directory to a warehouse that is built aside, somewhere below that directory.

    There dbt reads then only what differs, not the whole project.
    """
    own = target_dir(settings) / PARSED
    above = [folder / own.parent.name / PARSED for folder in settings.data_dir.resolve().parents[:2]]
    if not own.is_file() and (found := next((path for path in above if path.is_file()), None)):
        own.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(found, own)


@contextmanager
def dbt_session(settings: Settings, *, bucket_file: Path | None = None) -> Iterator[None]:
    """Point the profile at the warehouse for any number of calls, and close dbt's connection at the end.

    A `bucket_file` is named in a variable that the profile does not read: for dbt another profile is another project,
    to be parsed from its beginning. A SIGTERM inside it is handed on when dbt has ended.
    """
    variables = {
        "DUCKDB_PATH": "" if bucket_file else str(settings.warehouse_path),
        BUCKET_FILE: str(bucket_file or ""),
        "DUCKDB_MEMORY_LIMIT": settings.duckdb_memory_limit,
        "DUCKDB_THREADS": str(settings.duckdb_threads),
        "DATA_BASE_PATH": str(settings.spool_dir),  # the registry of listeners is there
        "LISTENER_ID": settings.home_listener_id,
        "LISTENER_TIMEZONE": settings.listener_timezone,
        "LISTENER_TRIPS": settings.listener_trips,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_USE_COLORS": "false",
    }
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        with _stoppable():
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        _close_connections()


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM reach dbt as Ctrl-C, the one stop at which it cancels its queries; then hand the signal on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        received.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if received:
            signal.raise_signal(signal.SIGTERM)


def _close_connections() -> None:
    """Close the warehouse: dbt inside a process keeps the file open otherwise (dbt-duckdb, issue 616)."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def _run_dbt_alone(settings: Settings, *command: str, target: str = "prod") -> list[NodeResult]:
    """Run dbt, and again while months wait: then without --full-refresh, which would begin again."""
    goes_on = tuple(word for word in command if word != "--full-refresh")
    return build_slices(lambda is_first: _run_dbt_once(settings, command if is_first else goes_on, target))


def _run_dbt_once(settings: Settings, command: Sequence[str], target: str) -> list[NodeResult]:
    from dbt.cli.main import dbtRunner

    arguments = [
        *(*command, "--target", target, "--quiet", "--log-level", "none", "--log-level-file", "info"),
        *("--project-dir", str(project_dir()), "--profiles-dir", str(project_dir())),
        *("--target-path", str(target_dir(settings)), "--log-path", str(target_dir(settings) / "logs")),
    ]
    done = dbtRunner().invoke(arguments)
    if done.exception:
        raise _translate_error(done.exception)
    return node_results(done.result)


def _translate_error(error: BaseException) -> Exception:
    """Return the project error for what stopped dbt before its first model, with the plug-in's own sentence if any.

    Errors: a stop (KeyboardInterrupt), which dbt hands over like an error, goes on as one.
    """
    if not isinstance(error, Exception):
        raise error
    words = " ".join(line.strip() for line in str(error).splitlines() if line.strip())
    if "warehouse file is open in" in words:
        start = words.index("The warehouse file is open in")
        return ServiceUnavailable(words[start:], hint="", service="warehouse")
    return ConfigurationError(f"dbt could not start: {words}", hint="`dbt parse --project-dir dbt_project` says more.")


def build_marts(settings: Settings) -> list[str]:
    """Build and test every model in the warehouse of the settings, and return the blocking tests that failed.

    Errors: ServiceUnavailable naming the models that could not be built.
    """
    bring_parsed(settings)
    with open_warehouse(settings).hold("dbt build"), dbt_session(settings):
        nodes = build_models_quietly(settings)
        not_built = [f"{node.name} ({node.message})" for node in nodes if node.outcome == "failed"]
        if not_built:
            hint = "The old warehouse is as it was."
            raise ServiceUnavailable(f"dbt could not build {'; '.join(not_built[:5])}.", hint=hint, service="dbt")
        return blocking_failures(run_tests(settings))
