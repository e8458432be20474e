"""How the tests share their processes, and the seeds of random tests, which the end of a run prints.

Folders whose tests share a slow set-up stay together in one process; other files go to the process that is free.
"""

from __future__ import annotations

import gc
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

pytest_plugins = ["tests.support.shared", "tests.support.data_directory_fixtures", "tests.support.lake_absent"]

ROOT = Path(__file__).parent
TOGETHER = ("dbt", "orchestrate", "end_to_end")
"""Folders whose tests share one dbt build, one Prefect server, one listener's data directory."""

IN_MEMORY = Path("/dev/shm")
MEMORY_FOR_FOLDERS = 8 << 30
"""Bytes of memory that have to be free; a whole run uses about a quarter of them."""

LONGEST_FIRST = {"end_to_end": 0, "dbt": 1, "orchestrate": 2, "reliability": 3}
"""Which folders begin first, so that short files fill the end of a run and all processes end together."""


def pytest_configure() -> None:
    """Let Ctrl-C reach what the tests start, and let that keep its compiled modules.

    What a shell starts in the background ignores Ctrl-C, children too. Without compiled modules each of the commands
    that the tests start needs some ten seconds of processor time more, for Prefect and dbt.
    """
    _use_memory_for_folders()
    gc.set_threshold(100_000, 50, 50)  # dbt's and Prefect's many objects stay; to look at them often frees nothing
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _use_memory_for_folders() -> None:
    """Put the folders of the tests into memory where there is plenty: they wait for a disk a fifth of their time.

    PYTEST_DEBUG_TEMPROOT or `--basetemp` put them elsewhere.
    """
    if not IN_MEMORY.is_dir() or not os.access(IN_MEMORY, os.W_OK):
        return
    if min(shutil.disk_usage(IN_MEMORY).free, psutil.virtual_memory().available) > MEMORY_FOR_FOLDERS:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


@pytest.hookimpl(wrapper=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Group the tests: by folder where the set-up is slow, else by file; the slow folders begin first."""
    for item in items:
        parts = item.path.relative_to(ROOT).parts
        item.add_marker(pytest.mark.xdist_group(parts[0] if parts[0] in TOGETHER else "/".join(parts)))
    items.sort(key=lambda item: LONGEST_FIRST.get(item.path.relative_to(ROOT).parts[0], len(LONGEST_FIRST)))
    return (yield)


@pytest.fixture
def seed_of(record_property: Callable[[str, object], None]) -> Callable[[str], int]:
    """Return the seed that a variable such as KILL_SEED repeats, else a new one; it is printed at the end."""

    def seed_of(variable: str) -> int:
        seed = int(os.environ.get(variable, random.randrange(10**6)))
        record_property(variable, seed)
        return seed

    return seed_of


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the seeds, also of tests that passed and of those that other processes ran."""
    for report in (*terminalreporter.stats.get("passed", ()), *terminalreporter.stats.get("failed", ())):
        for name, value in report.user_properties:
            if name.endswith("_SEED"):
                terminalreporter.write_line(f"{report.nodeid}: {name}={value}")
