"""An empty data directory for each test, and its parts: settings, state, warehouse, and the context of a stage."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from extract_load.context import Context
from extract_load.core.settings import Settings
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from tests.support.clock import ManualClock
from tests.support.data_directories import settings_in


@pytest.fixture
def settings(tmp_path: Path, no_settings_of_this_machine: None) -> Settings:
    """Return settings of an empty data directory, with nothing read from this machine's environment."""
    return settings_in(tmp_path)


@pytest.fixture
def state(settings: Settings) -> Iterator[State]:
    """Yield the state of that data directory."""
    state = State(settings.state_path)
    yield state
    state.close()


@pytest.fixture
def warehouse(settings: Settings, empty_warehouse: Path) -> Warehouse:
    """Return the warehouse of that data directory, with its schema."""
    settings.warehouse_path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(empty_warehouse, settings.warehouse_path)
    return Warehouse(settings)


@pytest.fixture
def context(settings: Settings, state: State, warehouse: Warehouse, clock: ManualClock) -> Context:
    """Return the context that stages work with."""
    return Context(settings, warehouse, state, "run-1", clock)
