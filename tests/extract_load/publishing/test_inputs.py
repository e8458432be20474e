"""What a publication is made of: whatever may change it changes a mark, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from extract_load.core.listener_registry import Listener, write_registry
from extract_load.core.listeners import registry_of
from extract_load.publishing.inputs import Marks, read_inputs, remember_inputs, why_build
from extract_load.publishing.publish import publish
from tests.support.data_directories import DataDirectory


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with a model and a seed."""
    for part in ("models", "seeds", "target"):
        (tmp_path / "project" / part).mkdir(parents=True)
    (tmp_path / "project/models/one.sql").write_text("select 1")
    (tmp_path / "project/seeds/zones.csv").write_text("zone\nUTC\n")
    return tmp_path / "project"


@pytest.fixture
def marks(filled: DataDirectory, project: Path) -> Callable[..., Marks]:
    """Return a way to read the marks of a data directory with two days of plays, later or with other settings."""

    def read(*, days: int = 0, **settings: Any) -> Marks:
        given = filled.settings.model_copy(update=settings)
        with filled.warehouse.open("a test") as connection:
            return read_inputs(connection, given, project, filled.clock.now() + timedelta(days=days))

    return read


def changed(before: Marks, after: Marks) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def test_nothing_changed_changes_no_mark(marks: Callable[..., Marks], filled: DataDirectory) -> None:
    """Not landing nothing, nor requests and runs that are recorded."""
    before = marks()
    filled.state.put("spotify", "backlog", {"tracks": 1}, filled.clock.now())
    with filled.warehouse.open("a test") as connection:
        connection.execute("delete from ops.requests")
    assert changed(before, marks()) == set()


def test_rows_that_land_change_the_marks_of_their_tables(marks: Callable[..., Marks], filled: DataDirectory) -> None:
    """The new plays, and the line in the manifest."""
    before = marks()
    filled.poll(5_000, 3)
    filled.landing.land()
    assert {"raw.spotify_recently_played", "ops.landed_files"} <= changed(before, marks())


def test_every_value_of_a_lookup_counts(marks: Callable[..., Marks], filled: DataDirectory) -> None:
    """Also one that is no payload."""
    before = marks()
    with filled.warehouse.open("a test") as connection:
        connection.execute("update lookup.spotify_artists set attempts = attempts + 1")
    assert changed(before, marks()) == {"lookup.spotify_artists"}


def test_files_settings_and_the_day_have_marks(marks: Callable[..., Marks], project: Path) -> None:
    """What dbt writes itself, and settings of requests, change none."""
    before = marks()
    (project / "target/run.sql").write_text("select 2")
    assert changed(before, marks(spotify_daily_budget=7)) == set()
    (project / "seeds/zones.csv").write_text("zone\nEurope/Berlin\n")
    assert changed(before, marks()) == {"seeds of the dbt project"}
    (project / "models/one.sql").rename(project / "models/two.sql")
    assert changed(before, marks(listener_trips="x")) == {
        *("seeds of the dbt project", "models of the dbt project", "LISTENER_TRIPS")
    }
    assert changed(marks(), marks(days=1)) == {"the local day"}


def test_a_build_is_needed_until_what_it_would_say_is_published(
    marks: Callable[..., Marks], filled: DataDirectory, tmp_path: Path
) -> None:
    """Unknown, lost, kept back, untested, published by somebody else: each is a reason, in one sentence."""
    settings, state, now = filled.settings, filled.state, filled.clock.now()
    assert "not known what the published file was made of" in why_build(settings, state, marks())
    remember_inputs(state, marks(), now)
    assert why_build(settings, state, marks()) == ""
    assert why_build(settings, state, {**marks(), "the local day": "2031-01-01"}) == "Changed: the local day."
    pages = settings.model_copy(update={"page_snapshot_dir": tmp_path / "pages"})
    assert why_build(pages, state, marks()) == "There are no pages as files."
    for service, key, value, usual in (
        ("publish", "kept", {"why": "A test failed."}, None),
        ("dbt", "untested", True, False),
        ("dbt", "last_build", {"failed": ["unique_play_key"]}, {"failed": []}),
    ):
        state.put(service, key, value, now)
        assert why_build(settings, state, marks()) == "The last build was not published."
        state.put(service, key, usual, now)
    filled.clock.forward(60)
    publish(settings, filled.warehouse, state, clock=filled.clock)
    assert "not known" in why_build(settings, state, marks())
    settings.published_path.unlink()
    assert why_build(settings, state, marks()) == "There is no published file."


def test_each_listener_has_a_file_and_a_day(marks: Callable[..., Marks], filled: DataDirectory) -> None:
    """A second one, far ahead in time, is another input, and has no published file yet."""
    settings, before = filled.settings, marks()
    remember_inputs(filled.state, before, filled.clock.now())
    registry = registry_of(settings).put(Listener("anna", time_zone="Pacific/Kiritimati"))
    write_registry(settings.listeners_path, replace(registry, home=settings.listener_id))
    settings.published_path.parent.mkdir(parents=True)
    settings.published_path.touch()
    assert changed(before, marks()) >= {"the listeners"}
    assert len(marks()["the local day"].split()) == 2
    assert why_build(settings, filled.state, before) == "There is no published file."
