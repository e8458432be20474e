"""The published files of several listeners: one each, with nothing of the others in it.

In: the file of all that was published (`data/.published/`, its owner's alone), of which each listener's is a part. Out:
`data/published/<id>/music_tracker.duckdb`, each put in place by one rename. With one listener there is the one file of
`data/published/`, as ever. Files of a form that no longer holds are removed, so that a reader of yesterday's path sees
no stranger's plays.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from extract_load.core.listener_registry import Listener
from extract_load.core.listeners import FAMILY, family_path, published_path_of, registry_of
from extract_load.core.settings import Settings
from extract_load.publishing.draft import DRAFT_PREFIX, SCHEMAS, check_draft, put_in_place, set_access, write_draft
from extract_load.publishing.listener_rows import rows_of_listener
from extract_load.publishing.relations import in_order
from extract_load.storage.duckdb_connection import attach, open_duckdb
from extract_load.storage.held_folder import held_folder, remove_abandoned
from extract_load.storage.warehouse import CATALOGUE


def publish_listeners(settings: Settings, label: str, at: datetime, named: Sequence[str] = ()) -> list[Path]:
    """Write the file of each listener, or of those who are named, from that of all; none while there is one listener.

    Return the files.
    """
    known = registry_of(settings)
    if len(known) == 1:
        remove_other_forms(settings)
        return []
    chosen = [one for one in known if not named or one.listener_id in named]
    written = [_publish_one(settings, listener, label, at) for listener in chosen]
    remove_other_forms(settings)
    return written


def remove_other_forms(settings: Settings) -> None:
    """Remove published files that nobody should open any more: of one listener or of several, of who is gone."""
    known = registry_of(settings)
    folder = settings.data_dir / "published"
    kept = {FAMILY, *(one.listener_id for one in known)} if len(known) > 1 else set()
    if len(known) > 1:
        for name in ("music_tracker.duckdb", "music_tracker.duckdb.wal"):
            (folder / name).unlink(missing_ok=True)
    else:
        shutil.rmtree(settings.data_dir / ".published", ignore_errors=True)
    for path in folder.iterdir() if folder.is_dir() else ():
        is_listeners = path.is_dir() and not path.name.startswith(".")
        if is_listeners and path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


def remove_published(settings: Settings) -> None:
    """Remove every published file: that of all, of each listener, and the family's."""
    settings.published_path.unlink(missing_ok=True)
    family_path(settings).unlink(missing_ok=True)
    for listener in registry_of(settings):
        published_path_of(settings, listener.listener_id).unlink(missing_ok=True)


def _publish_one(settings: Settings, listener: Listener, label: str, at: datetime) -> Path:
    target = published_path_of(settings, listener.listener_id)
    remove_abandoned(target.parent, DRAFT_PREFIX)
    with held_folder(target.parent, DRAFT_PREFIX) as folder:
        draft = folder / target.name
        memory, threads = settings.duckdb_memory_limit, settings.duckdb_threads
        with open_duckdb(settings.data_dir, memory_limit=memory, threads=threads) as connection:
            attach(connection, settings.published_path, CATALOGUE, "read_only")
            connection.execute(f"use {CATALOGUE}")
            select = rows_of_listener(connection, in_order(connection, SCHEMAS), listener.listener_id)
            *_, macros = write_draft(connection, draft, label, at, select, is_labelled=True)
            _name_sources(connection, draft)
        check_draft(draft, settings, macros)
        set_access(draft, target.parent, settings)
        put_in_place(draft, target)
    return target


def _name_sources(connection: duckdb.DuckDBPyConnection, draft: Path) -> None:
    """Name the spool files of the listener; polls are named in the file of all only."""
    attach(connection, draft, "draft")
    rows = "select distinct source_file from draft.marts.fct_source_rows order by source_file"
    known = "select 1 from duckdb_tables() where database_name = 'draft' and table_name = 'fct_source_rows'"
    if connection.execute(known).fetchall():
        connection.execute(f"insert into draft.about.files {rows}")
    connection.execute("checkpoint draft")
    connection.execute("detach draft")
