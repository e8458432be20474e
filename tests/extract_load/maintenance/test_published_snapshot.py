"""The snapshot of the published file: its marts, what they were made from, and what came later."""

from __future__ import annotations

from extract_load.maintenance.compact import compact
from extract_load.maintenance.published_snapshot import published_evidence, published_state
from extract_load.storage.spool import SpoolStore
from tests.support.data_directories import DataDirectory


def test_nothing_published_or_nothing_readable_is_no_evidence(data_directory: DataDirectory) -> None:
    """A backup is made all the same."""
    assert published_evidence(data_directory.settings) is None
    data_directory.settings.published_path.parent.mkdir(parents=True)
    data_directory.settings.published_path.write_bytes(b"no database" * 1000)
    assert published_evidence(data_directory.settings) is None


def test_what_came_after_the_marts_is_named(filled: DataDirectory) -> None:
    """Files by manifest path, polls by id; in an archive as well as alone."""
    evidence = published_evidence(filled.settings)
    assert evidence is not None
    assert evidence.marts["marts.fct_plays"].rows == 70
    assert (len(evidence.files), len(evidence.polls)) == (10, 6)
    store = SpoolStore.of(filled.settings)
    names = [store.manifest_path(path) for path in store.paths()]
    assert published_state(evidence, store, names, filled.settings.state_path).later_files == []
    late = store.manifest_path(filled.poll(800, 2))
    filled.landing.land()
    compact(filled.settings, filled.warehouse, clock=filled.clock)
    names = [store.manifest_path(path) for path in store.paths()]
    found = published_state(evidence, store, names, filled.settings.state_path)
    assert (found.later_files, found.later_polls) == ([late], ["poll-800"])
    assert found.marts == evidence.marts
    missing = filled.settings.state_path.with_name("missing.sqlite")
    assert published_state(evidence, store, names, missing).later_polls == []
