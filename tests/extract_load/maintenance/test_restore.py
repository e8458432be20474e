"""Restore: what is missing comes back, what is there stays."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from extract_load.maintenance.backup import backup
from extract_load.maintenance.compact import compact
from extract_load.maintenance.restore import describe_damage, merge_state, restore
from extract_load.storage.state import PollRecord, State
from tests.support.data_directories import DataDirectory

NOON = datetime(2026, 11, 23, 12)


def back_up(data_directory: DataDirectory, folder: Path):
    return backup(data_directory.settings, folder, seeds=data_directory.seeds, clock=data_directory.clock)


def test_restoring_beside_what_is_there_overwrites_nothing(filled: DataDirectory, tmp_path: Path) -> None:
    """Files that are there, also inside day files, stay; polls of the backup are added to the state."""
    folder = tmp_path / "b"
    back_up(filled, folder)
    compact(filled.settings, filled.warehouse, clock=filled.clock)
    with filled.state.transaction() as db:
        db.execute("delete from polls where poll_id = 'poll-0'")
    before = filled.everything()
    report = restore(filled.settings, folder, seeds=filled.seeds)
    assert (report.restored, report.left_out) == (1, [])
    assert filled.landing.land().files == 0
    assert filled.everything() == before
    assert filled.state.rows("select count(*) as n from polls") == [{"n": 6}]


@pytest.mark.parametrize("with_facts", [True, False])
def test_polls_are_added_to_a_state_and_facts_only_to_an_empty_data_directory(tmp_path: Path, with_facts: bool) -> None:
    """What is there is newer, and stays."""
    old, new = State(tmp_path / "old.sqlite"), State(tmp_path / "new.sqlite")
    for number, state in ((1, old), (2, old), (2, new), (3, new)):
        outcome = "overlap" if state is new else "gap"
        state.record_poll(PollRecord(f"p{number}", "me", "r", NOON, outcome, 1, 1, 0))
    old.put("spotify", "market", "DE", NOON)
    old.put("spotify", "old", True, NOON)
    new.put("spotify", "market", "FR", NOON)
    old.close()
    merge_state(old.path, new.path, with_facts=with_facts)
    polls = [tuple(row.values()) for row in new.rows("select poll_id, outcome from polls order by poll_id")]
    assert polls == [("p1", "gap"), ("p2", "overlap"), ("p3", "overlap")]
    assert new.facts("spotify") == {"market": "FR"} | ({"old": True} if with_facts else {})
    new.close()


def test_twenty_damaged_files_are_named() -> None:
    """The others are counted."""
    said = describe_damage({f"src/{number:02}": "is missing" for number in range(23)})
    assert said.startswith("23 file(s) of the backup are damaged: src/00 is missing; src/01 is missing")
    assert said.endswith("src/19 is missing; and 3 more.")
