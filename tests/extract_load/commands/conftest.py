"""A data directory that commands use, and a way to run them in this process."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from extract_load import cli
from extract_load.core.settings import Settings


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command."""

    exit_code: int
    out: str
    err: str


RunCommand = Callable[..., Done]


@pytest.fixture
def music_tracker(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> RunCommand:
    """Return a way to run `music-tracker ...` in the data directory of this test."""
    here = {
        "MUSIC_TRACKER_ENV_FILE": os.devnull,
        "DATA_BASE_PATH": str(settings.data_base_path),
        "CACHE_DIR": str(settings.cache_dir),
        "DUCKDB_PATH": str(settings.duckdb_path),
    }
    for name, value in here.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main(list(arguments))
        written = capsys.readouterr()
        return Done(int(ended.value.code or 0), written.out, written.err)

    return run
