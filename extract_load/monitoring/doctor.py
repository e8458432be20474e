"""The checks of `music-tracker doctor`: what a run needs, tried on this machine, each trouble with what to do.

Machine first (clock, paths, disk), then files, then the network. Sends one request to each service, leaves nothing
behind, and goes on after each trouble: a damaged file never hides a dead proxy.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.settings import Settings
from extract_load.monitoring.check_result import CheckResult
from extract_load.monitoring.environment_checks import (
    check_clock,
    check_env_file,
    check_names,
    check_paths,
    check_zone,
    machine_zone,
)
from extract_load.monitoring.filesystem_checks import check_filesystem, check_writable
from extract_load.monitoring.health import Health
from extract_load.monitoring.lake_checks import check_lake
from extract_load.monitoring.network_checks import (
    check_alert_addresses,
    check_certificates,
    check_proxy,
    check_server,
)
from extract_load.monitoring.service_checks import check_credentials, check_services, service_addresses
from extract_load.monitoring.stored_file_checks import check_published, check_state, check_warehouse, newest_record
from extract_load.storage.opening import open_state
from extract_load.storage.state import State


def examine(settings: Settings, clock: Clock | None = None, addresses: Sequence[str] | None = None) -> Health:
    """Check everything that a run needs, beyond what `health` knows without trying.

    `addresses` are those of this machine that others can reach; they are looked up when not given.
    """
    clock = clock or SystemClock()
    results = [*_machine(settings, clock), *_folders(settings)]
    state_result = check_state(settings.state_path)
    if settings.is_lake:
        results += [state_result, *check_lake(settings)]
    else:
        results += [state_result, *check_warehouse(settings), *check_published(settings.published_path)]
    results += [*check_certificates(), *check_proxy(service_addresses(settings)), *check_alert_addresses(settings)]
    results += [*check_server(addresses), *check_credentials(settings)]
    usable = state_result.level == "ok" and not any(_is_broken_folder(result) for result in results)
    with ExitStack() as stack:
        # requests are counted in the state; where that can't be written they are counted in a file for this once
        own = open_state(settings) if usable else State(_scratch(stack) / "state.sqlite")
        state = stack.enter_context(closing(own))
        results += check_services(settings, state, clock)
    return Health(clock.now(), tuple(results))


def _machine(settings: Settings, clock: Clock) -> Iterator[CheckResult]:
    yield from check_clock(clock.now(), newest_record(settings.state_path))
    yield from check_zone(settings, machine_zone())
    yield from check_env_file()
    yield from check_names()
    yield from check_paths(settings)


def _folders(settings: Settings) -> Iterator[CheckResult]:
    yield check_writable("DATA_BASE_PATH", settings.spool_dir)
    yield check_writable("CACHE_DIR", settings.answers_dir)
    yield check_writable("the folder of DUCKDB_PATH", settings.data_dir)
    yield from check_filesystem(settings.data_dir)


def _is_broken_folder(result: CheckResult) -> bool:
    return result.key == "folder:the folder of DUCKDB_PATH" and result.level != "ok"


def _scratch(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="doctor-")))
