"""Published files of several listeners: one each, private, and no file of a form that no longer holds."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import duckdb

from extract_load.core.listener_registry import Listener, read_registry, write_registry
from extract_load.core.listeners import published_path_of
from extract_load.maintenance.listener_changes import add_listener
from extract_load.publishing.listener_files import remove_other_forms, remove_published
from extract_load.publishing.publish import publish
from extract_load.publishing.relations import read_relations
from tests.support.data_directories import DataDirectory
from tests.support.published_world import write_world


def publish_all(filled: DataDirectory) -> None:
    """Put the made-up marts of two listeners into the warehouse, and publish."""
    world = filled.settings.data_dir.parent / "world.duckdb"
    if not world.exists():
        write_world(world)
    with filled.warehouse.open("test") as connection:
        connection.execute(f"attach '{world}' as world (read_only)")
        connection.execute("drop schema if exists marts cascade; create schema marts")
        for table in read_relations(connection, "world"):
            if table.schema == "marts":
                connection.execute(f"create table marts.{table.name} as from world.marts.{table.name}")
        connection.execute("use music_tracker; detach world")
    publish(filled.settings, filled.warehouse, filled.state, clock=filled.clock)


def listeners_in(path: Path) -> list[tuple[Any, ...]]:
    """Return who has plays in a published file."""
    with duckdb.connect(str(path), read_only=True) as reader:
        return reader.execute("select distinct listener_id from marts.fct_plays order by all").fetchall()


def test_each_has_a_file(filled: DataDirectory) -> None:
    """The path of one listener is gone at once; hers comes with the next publishing, and holds nothing of his."""
    settings = filled.settings
    single = settings.published_path
    add_listener(settings, Listener("other"))
    assert not single.exists()
    assert listeners_in(published_path_of(settings, "me")) == [("me",)]
    assert listeners_in(settings.published_path) == [("me",)]
    publish_all(filled)
    assert listeners_in(published_path_of(settings, "other")) == [("other",)]
    assert listeners_in(published_path_of(settings, "me")) == [("me",)]
    assert listeners_in(settings.published_path) == [("me",), ("other",)]
    assert settings.published_path == settings.data_dir / ".published" / "music_tracker.duckdb"
    assert stat.S_IMODE(settings.published_path.parent.stat().st_mode) == 0o700
    assert not single.exists()


def test_those_who_are_named_get_a_new_file(filled: DataDirectory) -> None:
    """The others keep their last one; the file of all is new."""
    settings = filled.settings
    add_listener(settings, Listener("other"))
    publish_all(filled)
    files = {name: published_path_of(settings, name) for name in ("me", "other")}
    before = {name: file.stat().st_ino for name, file in files.items()}
    publish(settings, filled.warehouse, filled.state, listeners=["other"], clock=filled.clock)
    assert {name for name, file in files.items() if file.stat().st_ino != before[name]} == {"other"}


def test_readers_of_the_machine_reach_each_file(filled: DataDirectory) -> None:
    """With PUBLISHED_READABLE, by every folder above it; never the file of all."""
    add_listener(filled.settings, Listener("other"))
    filled.settings = filled.settings.model_copy(update={"published_readable": True})
    publish_all(filled)
    hers = published_path_of(filled.settings, "other")
    assert stat.S_IMODE(hers.stat().st_mode) == 0o644
    assert all(folder.stat().st_mode & 0o001 for folder in (hers.parent, hers.parent.parent, filled.settings.data_dir))
    assert stat.S_IMODE(filled.settings.published_path.stat().st_mode) == 0o600


def test_one_listener_has_the_one_path(filled: DataDirectory) -> None:
    """When the second one is gone, so are the file of all and the folders."""
    settings = filled.settings
    add_listener(settings, Listener("other"))
    publish_all(filled)
    write_registry(settings.listeners_path, read_registry(settings.listeners_path).without("other"))
    publish_all(filled)
    assert (settings.data_dir / "published" / "music_tracker.duckdb").exists()
    assert [path.name for path in (settings.data_dir / "published").iterdir()] == ["music_tracker.duckdb"]
    assert not (settings.data_dir / ".published").exists()
    remove_other_forms(settings)
    assert settings.published_path.exists()


def test_after_a_failed_erasure_no_file_is_left(filled: DataDirectory) -> None:
    """What was erased may stand in any of them."""
    add_listener(filled.settings, Listener("other"))
    publish_all(filled)
    remove_published(filled.settings)
    assert list(filled.settings.data_dir.glob("*published/**/*.duckdb")) == []
