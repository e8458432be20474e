"""Build buckets of listeners from a lake, each as a plain warehouse file of this worker's, and publish each listener.

First the catalogue, once: what is made of what all listeners heard. Its tables are an object; each bucket takes them as
they are and builds the rest by itself, so buckets are built side by side, on any worker, each once at a time by a lock.
A bucket whose rows did not change is not built. The lake is read for seconds, when a build begins: for a bucket as it
was when the catalogue read it, since a track that is not in the catalogue would take its plays with it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import ConfigurationError, ServiceUnavailable
from extract_load.core.listeners import published_path_of, registry_of
from extract_load.core.settings import Settings
from extract_load.publishing.catalogue_tables import adopt_catalogue, write_catalogue
from extract_load.publishing.inputs import read_project
from extract_load.publishing.publish import publish
from extract_load.storage.lake.advisory_lock import AdvisoryLock
from extract_load.storage.lake.buckets import CATALOGUE_NAME, bucket_name, file_settings, listeners_of, used_buckets
from extract_load.storage.lake.iceberg import publish_to_iceberg
from extract_load.storage.lake.objects import ObjectStore
from extract_load.storage.lake.replica import replicate
from extract_load.storage.lake.warehouse import LakeWarehouse
from extract_load.storage.ports import State
from extract_load.storage.state import State as FileState
from extract_load.storage.state import to_iso
from extract_load.storage.warehouse import CATALOGUE, Warehouse
from orchestrate.dbt_build.results import NodeResult, blocking_failures
from orchestrate.dbt_build.runner import PARSED, build_selected, dbt_session, project_dir, run_tests, target_dir

log = logging.getLogger(__name__)

SERVICE = "lake"
IN_CATALOGUE = "tag:catalogue"
_KEPT_CATALOGUES = 3


@dataclass(frozen=True, slots=True)
class BucketResult:
    """What a build of one bucket, or of the catalogue, came to."""

    name: str
    files: int = 0
    rows: int = 0
    published: tuple[str, ...] = ()
    skipped_reason: str = ""
    failed: bool = False
    """Whether a blocking test failed, so that the last published files stay."""


def build_catalogue(
    settings: Settings, state: State, *, force: bool = False, clock: Clock | None = None
) -> BucketResult:
    """Build what is made of all listeners' rows, and give it to everybody.

    Errors: WarehouseBusy, ServiceUnavailable; the last catalogue stays.
    """
    clock = clock or SystemClock()
    everybody = [one.listener_id for one in registry_of(settings)]
    lock = AdvisoryLock(settings, CATALOGUE_NAME, clock)
    with lock.held("building the catalogue", settings.lock_wait_seconds):
        snapshot = _newest_snapshot(settings)
        marks = new_marks(settings, state, everybody, snapshot)
        mark = _digest({**marks, "answers": _answers(settings, snapshot)})
        last = state.get(SERVICE, CATALOGUE_NAME) or {}
        if not force and last.get("mark") == mark:
            state.put(SERVICE, CATALOGUE_NAME, {**last, "snapshot": snapshot}, clock.now())  # old ones are forgotten
            return BucketResult(CATALOGUE_NAME, skipped_reason="Nothing changed.")
        file = file_settings(settings, CATALOGUE_NAME, everybody)
        new = replicate(settings, file, None, snapshot)
        with _dbt(settings, file) as folder:
            _succeed(build_selected(file, "prod", "--select", f"+{IN_CATALOGUE}"))
            names = _tables_tagged(folder)
        version = f"{clock.now():%Y%m%dT%H%M%S%f}"
        compact = file.data_dir / "catalogue.duckdb"
        write_catalogue(file, compact, names)
        lock.confirm()
        store = ObjectStore(settings)
        store.put(compact, _object(version))
        compact.unlink()
        now = clock.now()
        fact = {"version": version, "at": to_iso(now), "mark": mark, "snapshot": snapshot}
        state.put(SERVICE, CATALOGUE_NAME, fact, now)
        _remove_old_catalogues(store)
    return BucketResult(CATALOGUE_NAME, new.files, new.rows)


def build_bucket(
    settings: Settings, bucket: int, state: State, *, force: bool = False, clock: Clock | None = None
) -> BucketResult:
    """Build one bucket and publish its listeners, if it has something new.

    Errors: WarehouseBusy while another worker builds it; ServiceUnavailable; what was published stays.
    """
    clock = clock or SystemClock()
    listeners = listeners_of(settings, bucket)
    name = bucket_name(settings, bucket)
    if not listeners:
        return BucketResult(name, skipped_reason="Nobody is in it.")
    lock = AdvisoryLock(settings, f"bucket {name}", clock)
    with lock.held(f"building bucket {name}", settings.lock_wait_seconds):
        snapshot = (state.get(SERVICE, CATALOGUE_NAME) or {}).get("snapshot")
        marks = new_marks(settings, state, listeners, snapshot)
        last = state.get(SERVICE, f"bucket:{name}") or {}
        if not force and last.get("marks") == marks:
            return BucketResult(name, skipped_reason="Nothing changed.")
        file = file_settings(settings, name, listeners)
        new = replicate(settings, file, listeners, snapshot)
        _adopt(settings, file, state)
        failures = _build_and_test(settings, file)
        published = _publish(settings, file, lock, failures, clock)
        _publish_to_iceberg(settings, file, lock, state, published)
        if not failures:
            fact = {"marks": marks, "at": to_iso(clock.now()), "listeners": listeners}
            state.put(SERVICE, f"bucket:{name}", fact, clock.now())
    reason = f"A blocking test failed: {failures[0]}." if failures else ""
    return BucketResult(name, new.files, new.rows, published, reason, bool(failures))


def dirty_buckets(settings: Settings, state: State) -> list[int]:
    """Return the buckets whose rows, listeners or project changed since they were last built."""
    found = []
    for bucket in used_buckets(settings):
        last = state.get(SERVICE, f"bucket:{bucket_name(settings, bucket)}") or {}
        if last.get("marks") != new_marks(settings, state, listeners_of(settings, bucket)):
            found.append(bucket)
    return found


def new_marks(settings: Settings, state: State, listeners: list[str], snapshot: int | None = None) -> dict[str, str]:
    """Return what a build of some listeners is made of: files and polls, their line in the registry, the project.

    Errors: ServiceUnavailable when the lake does not have the snapshot any more.
    """
    query = f"select listener_id, count(distinct source_file) from ops.landed_files{_at(snapshot)}"
    try:
        files = dict(_ask(settings, f"{query} where list_contains(?, listener_id) group by all", [listeners]))
    except duckdb.InvalidInputException as error:
        hint = "`music-tracker lake build` brings it up to date."
        raise ServiceUnavailable("The catalogue is of an older lake.", hint=hint, service="lake") from error
    sql = "select listener_id, count(*) as polls from polls group by listener_id"
    polls = {str(row["listener_id"]): int(row["polls"]) for row in state.rows(sql)}
    known = {one.listener_id: one for one in registry_of(settings)}
    marks = {one: f"{files.get(one, 0)} files, {polls.get(one, 0)} polls, {known[one]}" for one in listeners}
    return {**marks, "the project": _digest(read_project(project_dir()))}


def _answers(settings: Settings, snapshot: int | None) -> str:
    """Return a mark of what the services answered so far."""
    query = f"select count(*), max(landed_at) from ops.landed_files{_at(snapshot)} where listener_id is null"
    return str(_ask(settings, query))


def _newest_snapshot(settings: Settings) -> int:
    return int(_ask(settings, f"select max(snapshot_id) from ducklake_snapshots('{CATALOGUE}')")[0][0])


def _at(snapshot: int | None) -> str:
    return "" if snapshot is None else f" at (version => {snapshot})"


def _ask(settings: Settings, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with closing(LakeWarehouse(settings)) as warehouse:
        return warehouse.append(lambda connection: connection.execute(query, list(parameters)).fetchall())


def _build_and_test(settings: Settings, file: Settings) -> list[str]:
    """Build what is not in the catalogue, run all tests, and return the blocking ones that failed."""
    with Warehouse(file).hold("dbt build"), _dbt(settings, file):
        _succeed(build_selected(file, "bucket", "--exclude", IN_CATALOGUE))
        return blocking_failures(run_tests(file, target="bucket"))


def _publish(
    settings: Settings,
    file: Settings,
    lock: AdvisoryLock,
    failures: list[str],
    clock: Clock,
) -> tuple[str, ...]:
    """Publish from the file as ever, and put each listener's file where everybody reads it."""
    with closing(FileState(file.state_path)) as own:
        publish(file, Warehouse(file), own, blocking_failures=failures, clock=clock)
    if failures:
        return ()
    lock.confirm()  # who lost the lock must not put an older file in the place of a newer one
    store = ObjectStore(settings)
    listeners = tuple(one.listener_id for one in registry_of(file))
    for listener in listeners:
        store.put(published_path_of(file, listener), f"published/{listener}/music_tracker.duckdb")
    return listeners


def _publish_to_iceberg(
    settings: Settings, file: Settings, lock: AdvisoryLock, state: State, listeners: tuple[str, ...]
) -> None:
    """Publish to the Iceberg catalogue as well, where there is one. Errors: ServiceUnavailable."""
    for listener in listeners if settings.iceberg_url else ():
        key = f"iceberg:{listener}"
        lock.confirm()
        marks = publish_to_iceberg(settings, listener, published_path_of(file, listener), state.get(SERVICE, key) or {})
        state.put(SERVICE, key, marks, SystemClock().now())


def _adopt(settings: Settings, file: Settings, state: State) -> None:
    """Bring the newest catalogue into the file, unless it has it. Errors: ServiceUnavailable while there is none."""
    found = state.get(SERVICE, CATALOGUE_NAME)
    if not found:
        raise ServiceUnavailable("There is no catalogue yet.", hint="Build it first.", service="lake")
    version = str(found["version"])
    known = file.data_dir / "catalogue.version"
    if known.is_file() and known.read_text(encoding="utf-8") == version:
        return
    brought = file.data_dir / "catalogue.duckdb"
    if not ObjectStore(settings).fetch(_object(version), brought):
        raise ServiceUnavailable("The catalogue has just been replaced.", hint="Try again.", service="lake")
    adopt_catalogue(file, brought)
    brought.unlink()
    known.write_text(version, encoding="utf-8")


@contextmanager
def _dbt(settings: Settings, file: Settings) -> Iterator[Path]:
    """Run dbt on a bucket's file; what it parsed for one bucket serves all buckets of this machine."""
    folder, shared = target_dir(file), settings.data_dir / "buckets" / PARSED
    folder.mkdir(parents=True, exist_ok=True)
    if shared.is_file() and not (folder / PARSED).is_file():
        shutil.copyfile(shared, folder / PARSED)
    with dbt_session(file, bucket_file=file.warehouse_path):
        yield folder
    if (folder / PARSED).is_file() and not shared.is_file():
        draft = shared.with_name(f"{shared.name}.{os.getpid()}")
        shutil.copyfile(folder / PARSED, draft)
        draft.replace(shared)


def _succeed(nodes: list[NodeResult]) -> None:
    failed = [f"{node.name} ({node.message})" for node in nodes if node.outcome == "failed"]
    if failed:
        raise ServiceUnavailable(f"dbt could not build {'; '.join(failed[:5])}.", hint="", service="dbt")
    if not nodes:
        raise ConfigurationError("dbt found nothing to build.", hint="Check dbt_project.")


def _tables_tagged(folder: Path) -> list[tuple[str, str]]:
    """Return schema and name of the catalogue's tables, as dbt has just read the project."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    tag = IN_CATALOGUE.removeprefix("tag:")
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] == "model" and tag in node["tags"]]
    return sorted((str(node["schema"]), str(node["alias"])) for node in nodes)


def _remove_old_catalogues(store: ObjectStore) -> None:
    """Remove all but the newest catalogues; a bucket that just began with an older one tries again."""
    for name in sorted(store.names("catalogue/"))[:-_KEPT_CATALOGUES]:
        store.remove(name)


def _object(version: str) -> str:
    return f"catalogue/{version}.duckdb"


def _digest(marks: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(marks, sort_keys=True).encode()).hexdigest()
