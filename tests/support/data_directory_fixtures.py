"""Fixtures: an empty data directory, and one with two days of plays, for the tests that share them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from extract_load.core.settings import Settings
from extract_load.publishing.publish import publish
from tests.support.data_directories import Home, open_home, small_transform


@pytest.fixture
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take this machine's own settings out of the way."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Yield an empty home."""
    with open_home(tmp_path / "home") as made:
        yield made


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder of a home that was lived in for two days, and published; made once and copied."""
    folder = tmp_path_factory.mktemp("template") / "home"
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in Settings.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        with open_home(folder) as made:
            made.fill(days=2, polls=3)
            small_transform(made.settings)
            publish(made.settings, made.warehouse, made.state, clock=made.clock)
            made.state.put("spotify", "answer:me", "hash of the last answer", made.clock.now())
    return folder


@pytest.fixture
def lived_in(template: Path, tmp_path: Path) -> Iterator[Home]:
    """Yield a home with two days of plays (70 in 6 polls, 4 answers) that are published."""
    shutil.copytree(template, tmp_path / "home")
    with open_home(tmp_path / "home") as made:
        yield made
