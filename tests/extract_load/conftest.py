"""A home of its own for each test: settings, warehouse, state and a clock that only moves when told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from extract_load.context import Context
from extract_load.core.settings import Settings, load_settings
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse


@dataclass
class ManualClock:
    """A clock whose sleeps take no time but move it on."""

    at: datetime = datetime(2026, 11, 23, 12, 0)
    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.forward(seconds)

    def forward(self, seconds: float) -> None:
        self.seconds += seconds
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that moves when told."""
    return ManualClock()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings of an empty home, with nothing read from this machine's environment."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return load_settings(
        env_file=tmp_path / "no.env",
        data_base_path=tmp_path / "src",
        cache_dir=tmp_path / "cache",
        duckdb_path=tmp_path / "music_tracker.duckdb",
        lock_wait_seconds=10,
    )


@pytest.fixture
def state(settings: Settings) -> Iterator[State]:
    """Yield the state of that home."""
    state = State(settings.state_path)
    yield state
    state.close()


@pytest.fixture
def warehouse(settings: Settings) -> Warehouse:
    """Return the warehouse of that home."""
    return Warehouse(settings)


@pytest.fixture
def context(settings: Settings, state: State, warehouse: Warehouse, clock: ManualClock) -> Context:
    """Return the context that stages work with."""
    return Context(settings, warehouse, state, "run-1", clock)
