"""`music-tracker run STEP`: each step of the enrichment alone, twice, without a Prefect server, against the sandbox."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.commands import run_step
from extract_load.commands.run_step import offer_step, run_alone, single_steps
from extract_load.core.errors import ConfigurationError
from extract_load.core.flows import DAILY_ETL, lock_file_name
from extract_load.core.results import TaskResult
from extract_load.core.settings import Settings
from extract_load.daily_run.enrichment import STEPS
from extract_load.geography.gazetteer_index import ensure_index
from extract_load.storage.writer_lock import WriterLock
from sandbox import Sandbox, World, write_export
from tests.support.world_end import WORLD_END

ROWS = {
    "read-tracks": "lookup.spotify_tracks",
    "read-albums": "lookup.spotify_albums",
    "read-artists": "lookup.spotify_artists",
    "list-genres": "lookup.musicbrainz_genres",
    "match-by-url": "lookup.musicbrainz_matches",
    "fetch-artists": "lookup.musicbrainz_artists",
    "fetch-areas": "lookup.musicbrainz_areas",
    "match-in-the-gazetteer": "lookup.area_coordinates",
}
"""The table in which a step leaves rows on its first run, in any world."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Yield a sandbox over a small world."""
    with Sandbox(World(seed=5, artists=8, plays=60, years=0.1, unlinked=0.3, now=WORLD_END)) as running:
        yield running


@pytest.fixture
def beside_the_sandbox(
    sandbox: Sandbox, settings: Settings, gazetteer_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Sandbox:
    """Let the commands of this test talk to the sandbox, as fast as they can."""
    pace = {f"{service}_REQUESTS_PER_SECOND": "1000" for service in ("SPOTIFY", "MUSICBRAINZ", "NOMINATIM")}
    for name, value in {**sandbox.env, **pace, "SPOTIFY_DAILY_BUDGET": "100000"}.items():
        monkeypatch.setenv(name, value)
    index = ensure_index(gazetteer_dir)
    settings.answers_dir.mkdir(parents=True, exist_ok=True)
    os.link(index, settings.answers_dir / index.name)
    return sandbox


def asked(sandbox: Sandbox) -> int:
    """Count what the services were asked."""
    return sum(sandbox.counts.total(service) for service in ("spotify", "musicbrainz", "nominatim"))


def test_every_step_runs_alone_and_sends_nothing_the_second_time(
    music_tracker: Any, beside_the_sandbox: Sandbox, settings: Settings, tmp_path: Path
) -> None:
    """In the order in which they feed each other; each leaves its rows, and then has nothing to do."""
    write_export(beside_the_sandbox.world, tmp_path / "export.zip")
    assert music_tracker("import", str(tmp_path / "export.zip")).exit_code == 0
    for step in STEPS:
        slug = step.name.lower().replace(" ", "-")
        first = music_tracker("run", slug)
        assert (first.exit_code, first.out.startswith(f"{slug}: ")) == (0, True), first
        if slug in ROWS:
            with duckdb.connect(str(settings.warehouse_path), read_only=True) as reader:
                assert reader.execute(f"select count(*) from {ROWS[slug]}").fetchall()[0][0] > 0
        before = asked(beside_the_sandbox)
        assert music_tracker("run", slug).exit_code == 0
        assert asked(beside_the_sandbox) == before, f"{slug} asked again"


def test_a_limit_bounds_what_a_step_does(music_tracker: Any, beside_the_sandbox: Sandbox, tmp_path: Path) -> None:
    """And a step that takes none says so."""
    write_export(beside_the_sandbox.world, tmp_path / "export.zip")
    music_tracker("import", str(tmp_path / "export.zip"))
    done = music_tracker("run", "read-tracks", "--limit", "2")
    assert (done.exit_code, "2 tracks" in done.out) == (0, True)
    for slug in ("list-genres", "reconcile"):
        refused = music_tracker("run", slug, "--limit", "2")
        assert (refused.exit_code, "has no limit" in refused.err) == (2, True)


def test_the_steps_that_ask_nobody(music_tracker: Any) -> None:
    """They load and check an empty spool; what was never built is not published."""
    assert music_tracker("run", "load-the-spool").exit_code == 0
    assert music_tracker("run", "reconcile").exit_code == 0
    published = music_tracker("run", "publish")
    assert (published.exit_code, "the build was not tested" in published.out) == (1, True)


def test_a_refusal_is_one_sentence_and_a_daily_run_is_not_disturbed(
    music_tracker: Any, beside_the_sandbox: Sandbox, settings: Settings
) -> None:
    """With the exit codes of every command: a setting is wrong, or something is in use."""
    beside_the_sandbox.faults.add("musicbrainz", "blocked", match="/ws/2/genre/all")
    refused = music_tracker("run", "list-genres")
    beside_the_sandbox.faults.clear()
    assert (refused.exit_code, "CONTACT" in refused.err) == (2, True)
    with WriterLock(settings.data_dir / lock_file_name(DAILY_ETL)).held("daily-etl 2026", 0):
        busy = music_tracker("run", "list-genres")
    assert (busy.exit_code, busy.err.startswith("daily-etl is running (daily-etl 2026 ")) == (4, True)


def test_without_a_name_all_are_listed_and_a_wrong_one_is_told(music_tracker: Any) -> None:
    """By the name that is typed."""
    listed = music_tracker("run")
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.out.splitlines()][:4] == [
        *("load-the-spool", "reconcile", "read-tracks", "read-albums")
    ]
    assert "build-seeds-and-models" in listed.out
    wrong = music_tracker("run", "read-books")
    assert (wrong.exit_code, "There is no step 'read-books'. Steps: load-the-spool, " in wrong.err) == (2, True)


def test_a_step_of_a_layer_above_joins_by_an_offer(music_tracker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """From Python, too; the last one offered under a name is used."""
    monkeypatch.setattr(run_step, "_offered", [])
    offer_step("brew coffee", "Brews.", lambda _: TaskResult("failed"))
    offer_step("brew coffee", "Brews.", lambda _: TaskResult("success", {"cups": 2}))
    assert [step.name for step in single_steps()][-2:] == ["brew coffee", "publish"]
    assert run_alone("brew coffee").counts == {"cups": 2}
    with pytest.raises(ConfigurationError, match="brew coffee has no limit"):
        run_alone("Brew-Coffee", 1)
    assert music_tracker("run", "brew-coffee").out == "brew-coffee: 2 cups\n"
