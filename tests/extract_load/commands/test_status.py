"""`status` and `doctor`: words with hints, JSON for machines, and an exit code that says whether all is well."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from extract_load.storage.state import State

NOW = datetime(2026, 11, 23, 12, 0)


def test_a_new_installation_is_healthy_and_says_what_to_do_next(music_tracker: Any) -> None:
    """Each hint stands below its line."""
    done = music_tracker("status")
    assert done.exit_code == 0
    assert "Nothing is published yet.\n      -> Import your export, or sign in and" in done.out


def test_a_problem_is_an_exit_code_and_json_says_which(music_tracker: Any, state: State) -> None:
    """For cron and for machines."""
    state.put("dbt", "last_build", {"failed": ["unique_play_key"]}, NOW)
    done = music_tracker("status", "--json")
    found = json.loads(done.out)
    assert (done.exit_code, found["health"]) == (1, "problem")
    (wrong,) = [one for one in found["lines"] if one["level"] == "problem"]
    assert (wrong["key"], wrong["text"]) == ("test:unique_play_key", "dbt: unique_play_key failed.")
    assert "dbt build" in wrong["todo"]
    assert "act   dbt: unique_play_key failed." in music_tracker("status").out


def test_doctor_also_tries_folders_and_services(music_tracker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that does not answer is a warning, and no problem."""
    for name in ("MUSICBRAINZ_BASE_URL", "NOMINATIM_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    done = music_tracker("doctor")
    assert done.exit_code == 0
    for words in ("DATA_BASE_PATH can be written.", "The warehouse opens.", "look  127.0.0.1 can't be asked now"):
        assert words in done.out
    assert "Nothing is published yet." in done.out


def test_status_names_what_the_data_takes_on_disk(music_tracker: Any, state: State) -> None:
    """By part, the largest first."""
    spool = state.path.parent / "src" / "large.ndjson.gz"
    spool.parent.mkdir(parents=True)
    spool.write_bytes(b"x" * 12_000_000)
    lines = json.loads(music_tracker("status", "--json").out)["lines"]
    (size,) = [line["text"] for line in lines if line["key"] == "size"]
    assert size.startswith("The data takes 12 MB on disk: spool 12 MB, state ")


def test_status_says_whose_for_machines_too(music_tracker: Any) -> None:
    """With several listeners a line of one has their id; with one listener no line has."""
    assert not any("listener" in line for line in json.loads(music_tracker("status", "--json").out)["lines"])
    music_tracker("listener", "add", "anna", "--name", "Anna")
    lines = json.loads(music_tracker("status", "--json").out)["lines"]
    whose = {line["key"]: line["listener"] for line in lines if "listener" in line}
    assert whose == {"poll:me": "me", "poll:anna": "anna"}
