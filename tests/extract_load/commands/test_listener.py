"""`music-tracker listener`: who listens here, in words."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import pytest

from extract_load.core.settings import Settings
from extract_load.maintenance import marts_builder
from tests.support.data_directories import small_transform


def test_a_household_in_words(music_tracker: Any, settings: Settings) -> None:
    """One listener until another is added; a name is shown; what can't be is an error of configuration."""
    assert music_tracker("listener", "list").out == "me: UTC, not signed in, shares nothing\n"
    assert not settings.listeners_path.exists()
    added = music_tracker("listener", "add", "anna", "--name", "Anna", "--time-zone", "Europe/Berlin")
    assert (added.exit_code, added.out.splitlines()[0]) == (0, "Anna is a listener now.")
    assert music_tracker("listener", "add", "anna").exit_code == 2
    assert music_tracker("listener", "rename", "anna", "Änne").out == "anna is shown as Änne.\n"
    assert music_tracker("listener", "share", "anna").exit_code == 0
    listed = music_tracker("listener", "list").out.splitlines()
    assert listed[1] == "anna (Änne): Europe/Berlin, not signed in, in the family file"
    assert music_tracker("listener", "share", "anna", "--off").exit_code == 0
    assert "shares nothing" in music_tracker("listener", "list").out.splitlines()[1]


def test_whose_sign_in_has_to_be_said(music_tracker: Any) -> None:
    """With several listeners; and a listener who is not there is named."""
    music_tracker("listener", "add", "anna")
    done = music_tracker("auth")
    assert (done.exit_code, "--listener: me, anna" in done.err) == (2, True)
    assert "no listener 'ben'" in music_tracker("ingest", "--listener", "ben").err


def test_whose_plays_are_forgotten_has_to_be_said(music_tracker: Any) -> None:
    """With several listeners one's wish does not reach the other's plays."""
    music_tracker("listener", "add", "anna")
    done = music_tracker("forget", "--artist", "Nobody", "--yes")
    assert (done.exit_code, "--listener: me, anna" in done.err) == (2, True)
    assert "No artist matches 'Nobody'" in music_tracker("forget", "--artist", "Nobody", "--listener", "anna").err


def test_a_removed_listener_is_gone(
    music_tracker: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch, gazetteer_dir: Path
) -> None:
    """After a word of warning; nobody is removed by a no."""
    settings.cache_dir.mkdir(parents=True, exist_ok=True)
    for index in gazetteer_dir.glob("gazetteer-*"):
        shutil.copy(index, settings.cache_dir)
    monkeypatch.setattr("orchestrate.commands.offer", lambda _: None)
    monkeypatch.setattr(marts_builder, "_offered", [small_transform])
    music_tracker("listener", "add", "anna")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert music_tracker("listener", "remove", "anna").exit_code == 1
    assert settings.has_several_listeners
    done = music_tracker("listener", "remove", "anna", "--yes")
    assert done.exit_code == 0
    assert "This erases anna: 0 files of plays." in done.out
    assert not settings.listeners_path.exists()
    assert music_tracker("listener", "remove", "anna", "--yes").exit_code == 2
