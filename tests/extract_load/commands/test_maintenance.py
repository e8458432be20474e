"""The maintenance commands: what a person may write, and the errors that say how; the work has tests of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from extract_load.commands.maintenance import print_rebuilt
from extract_load.core.settings import Settings
from extract_load.landing.loader import LandingReport
from extract_load.maintenance.rebuild import RebuildReport
from extract_load.monitoring.disk_usage import readable_size
from tests.support.published_plays import Play, publish_by_hand


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("backup", "verify"), "One folder is needed. `backup DIR`, or `backup verify DIR`."),
        (("backup", "a", "b"), "One folder is needed. `backup DIR`, or `backup verify DIR`."),
        (("forget",), "Nothing is named. Give --play, --artist, or --from and --until."),
        (("forget", "--play", "x", "--artist", "y"), "A play is named by its key alone. Give --play, or the others."),
        (("forget", "--from", "May"), '--from is not a time. Write 2024-05-01 or "2024-05-01 18:30".'),
        (("export", "--format", "mp3"), "There is no format mp3. There are "),
    ],
)
def test_a_wrong_call_says_how_it_is_written(music_tracker: Any, arguments: tuple[str, ...], sentence: str) -> None:
    """With exit code 2, before any work."""
    done = music_tracker(*arguments)
    assert done.exit_code == 2
    assert sentence in done.err


def test_a_backup_is_made_and_names_what_it_copied(music_tracker: Any, settings: Settings, tmp_path: Path) -> None:
    """A second one copies only what is new; restoring it over itself restores nothing."""
    spooled = settings.spool_dir / "spotify" / "recently_played" / "dt=2026-11-01" / "a.ndjson.gz"
    spooled.parent.mkdir(parents=True)
    spooled.write_bytes(b"some bytes")
    folder = tmp_path / "elsewhere"
    assert music_tracker("backup", str(folder)).exit_code == 0
    again = music_tracker("backup", str(folder))
    assert "0 of them (0 bytes) copied now" in again.out
    spooled.unlink()
    restored = music_tracker("restore", str(folder), "--no-rebuild")
    assert "1 file restored" in restored.out
    assert spooled.read_bytes() == b"some bytes"


def test_compacting_nothing_changes_nothing(music_tracker: Any) -> None:
    """An empty installation has no past day."""
    done = music_tracker("compact")
    assert (done.exit_code, done.out) == (0, "0 files of 0 days became 0 (0 bytes before, 0 bytes now).\n")


def test_where_there_is_nothing_yet_it_says_how_to_begin(
    music_tracker: Any, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rebuild of no file, and an export of no play, are no failure; the next step is named."""
    print_rebuilt(RebuildReport(LandingReport(), {}))
    said = capsys.readouterr().out
    assert said.startswith("0 rows of 0 files landed; 0 plays.")
    assert "nothing to make it from yet. Import your export, or sign in" in said
    publish_by_hand(settings, [])
    done = music_tracker("export")
    assert done.exit_code == 0
    assert "There are no plays to export. Import your export, or sign in" in done.out
    settings.published_path.unlink()
    publish_by_hand(settings, [Play("Song", "Ann")])
    assert "no plays to export" not in music_tracker("export").out


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "2 kB"), (2_400_000, "2 MB"), (3.2e9, "3.2 GB")]
)
def test_sizes_have_units(count: int, words: str) -> None:
    """Decimal ones, as disks are sold."""
    assert readable_size(count) == words
