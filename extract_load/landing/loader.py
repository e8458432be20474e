"""Load every stored file that is not landed yet, oldest first. Idempotent.

Each file is in wholly or not at all. Polls are small and many, so some of them land in one transaction; when one of
them can't be landed, each has a transaction of its own, and only the damaged one is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path

import duckdb

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import BadInput
from extract_load.core.failpoints import failpoint
from extract_load.core.settings import Settings
from extract_load.erasure import rules as erasure_rules
from extract_load.erasure.removed_listeners import remove_listener_files
from extract_load.landing import set_aside
from extract_load.landing.api_responses import ANSWER_TABLES, land_answers
from extract_load.landing.append import APPENDERS, append_plays, is_appended, remove_landed_copies
from extract_load.landing.area_coordinates import GEOGRAPHY_LANDERS
from extract_load.landing.backlog import FileOpener, file_opener, find_backlog, record_landed_archives
from extract_load.landing.erasure_rules import land_rules
from extract_load.landing.manifest import BatchLander, Landed, Lander, SpoolFile, known_among, record
from extract_load.landing.musicbrainz import MUSICBRAINZ_LANDERS
from extract_load.landing.recent_files import find_recent_files, note_full_landing, recent_since
from extract_load.landing.recently_played import add_polled_tracks, append_polls, land_many_polls, land_polls
from extract_load.landing.spool_reader import file_errors_as_bad_input
from extract_load.landing.state_copy import copy_state
from extract_load.landing.streaming_history import land_history
from extract_load.storage.opening import open_store
from extract_load.storage.ports import State, Warehouse
from extract_load.storage.spool import SpoolStore, StoredFile
from extract_load.storage.state import LANDING, from_iso, to_iso
from extract_load.storage.transaction import transaction

log = logging.getLogger(__name__)

LANDERS: dict[tuple[str, str], Lander] = {
    ("spotify", "recently_played"): land_polls,
    ("spotify", "streaming_history"): land_history,
    (erasure_rules.SOURCE, erasure_rules.ENTITY): land_rules,
    **dict.fromkeys(ANSWER_TABLES, land_answers),
    **MUSICBRAINZ_LANDERS,
    **GEOGRAPHY_LANDERS,
}

BATCH_LANDERS: dict[tuple[str, str], BatchLander] = {("spotify", "recently_played"): land_many_polls}
BATCH_FILES = 50


@dataclass(slots=True)
class LandingReport:
    """What one landing did: files and rows by (source, entity), and the files that could not be read."""

    files: int = 0
    landed: dict[tuple[str, str], int] = field(default_factory=dict)
    known: dict[tuple[str, str], int] = field(default_factory=dict)
    rejected: dict[tuple[str, str], int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)

    def add(self, kind: tuple[str, str], landed: Landed) -> None:
        """Count one file of a (source, entity) that is in."""
        self.files += 1
        counts = ((self.landed, landed.landed), (self.known, landed.known), (self.rejected, landed.rejected))
        for tally, count in counts:
            tally[kind] = tally.get(kind, 0) + count

    def include(self, other: LandingReport) -> None:
        """Count what another landing did as well."""
        self.files += other.files
        for mine, more in ((self.landed, other.landed), (self.known, other.known), (self.rejected, other.rejected)):
            for kind, count in more.items():
                mine[kind] = mine.get(kind, 0) + count
        self.reasons.update(other.reasons)

    @property
    def unreadable(self) -> list[str]:
        """Return the manifest paths of the files that could not be landed; `reasons` has the reason of each."""
        return list(self.reasons)

    def rows(self, source: str, entity: str) -> int:
        """Return the rows landed of one kind."""
        return self.landed.get((source, entity), 0)


class Landing:
    """Lands spool and cache into one warehouse."""

    def __init__(self, settings: Settings, warehouse: Warehouse, state: State, clock: Clock | None = None) -> None:
        self._settings = settings
        self._store = SpoolStore.of(settings)
        self._files = open_store(settings)
        self._warehouse = warehouse
        self._state = state
        self._clock = clock or SystemClock()

    def land(
        self,
        *,
        purpose: str = "landing",
        wait_seconds: float | None = None,
        exclude: Container[str] = (),
        progress: Callable[[int, int], None] | None = None,
    ) -> LandingReport:
        """Land every file that is not in yet, and copy the state to `ops`.

        Files to `exclude` (by manifest path) are left out; `progress` is called with (files done, files in all).
        Errors: WarehouseBusy; the files stay for the next call.
        """
        appended = self._append_all() if self._warehouse.appends_freely else LandingReport()
        with self._warehouse.open(purpose, wait_seconds) as connection:
            backlog = find_backlog(self._store, connection)
            pending = [file for file in backlog.files if file.manifest_path not in exclude]
            report = self._land(connection, pending, progress)
            report.include(appended)
            report.reasons.update(backlog.unreadable)
            record_landed_archives(connection, backlog, self._clock)
            set_aside.replace(self._state, report.reasons, exclude, self._clock)
            if not exclude:
                note_full_landing(connection, self._state, self._clock.now())
            if self._warehouse.appends_freely:
                self._add_tracks(connection)
                if not self._settings.warehouse_path.exists():  # a file's spool is its own truth
                    remove_landed_copies(self._store, connection)
            copy_state(connection, self._state)
        return report

    def _append_all(self, since: date | None = None) -> LandingReport:
        """Append to a lake what plays of this machine and of others wait, of all days or `since` one of them."""

        def known(names: Sequence[str]) -> set[str]:
            return self._warehouse.append(lambda connection: known_among(connection, names))

        own = [] if since else [file.path for file in self._store.single_files()]
        self._files.pull(known, since)
        # What this machine has of somebody who was removed on another one must not come back.
        remove_listener_files(self._store, erasure_rules.load_rules(self._settings.spool_dir))
        self._files.push(own)
        backlog = self._warehouse.append(lambda connection: find_backlog(self._store, connection))
        pending = [file for file in backlog.files if is_appended(file)]
        self._files.push([file.path for file in pending])
        done = append_plays(self._settings, self._warehouse, pending, self._clock)
        report = LandingReport(reasons=done.reasons)
        for file, landed in done.landed:
            report.add(_kind(file), landed)
        set_aside.add(self._state, report.reasons, self._clock)
        return report

    def _add_tracks(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let plays that were appended since the last time answer the catalogue; clocks of machines differ a little."""
        now, last = self._clock.now(), self._state.get(LANDING, "tracks")
        with transaction(connection):
            add_polled_tracks(connection, from_iso(last) - timedelta(hours=1) if last else datetime.min)
        self._state.put(LANDING, "tracks", to_iso(now), now)

    def land_recent(self, *, purpose: str = "landing", wait_seconds: float | None = None) -> LandingReport:
        """Land what came in since every file was last looked at, at the price of a few days, however many there are.

        Every file is looked at when that is a day ago, or was done for another warehouse. Errors: WarehouseBusy.
        """
        if self._warehouse.appends_freely:
            return self._append_all(self._clock.now().date() - timedelta(days=1))
        with self._warehouse.open(purpose, wait_seconds, checkpoint=False) as connection:
            first_day = recent_since(connection, self._state, self._clock.now())
            if first_day is None:
                return self.land(purpose=purpose)
            pending = find_recent_files(self._store, connection, first_day, self._clock.now().date())
            report = self._land(connection, pending, None)
            named = set_aside.files_set_aside(self._state)
            waiting = named.keys() - known_among(connection, list(named))  # what is in now is no longer named
            set_aside.replace(self._state, report.reasons, waiting, self._clock)
            copy_state(connection, self._state)
        return report

    def land_now(self, connection: duckdb.DuckDBPyConnection, paths: Iterable[Path]) -> LandingReport:
        """Land files that were just written, on an open connection; what another landing has brought in is left out."""
        files = [file for path in paths for file in self._store.files_in(path)]
        done = known_among(connection, [file.manifest_path for file in files])
        self._files.push(list({file.path: None for file in files}))
        report = self._land(connection, [file for file in files if file.manifest_path not in done], None)
        set_aside.add(self._state, report.reasons, self._clock)
        return report

    def land_together(self, connection: duckdb.DuckDBPyConnection, paths: Iterable[Path]) -> LandingReport:
        """Land large files in one transaction, as they come: DuckDB writes 122,880 rows at a time to their place.

        Each file is in wholly or not at all. When one of them can't be landed, those up to it go in one by one.
        """
        pending: list[StoredFile] = []
        report = LandingReport()
        rules = erasure_rules.load_rules(self._settings.spool_dir)
        try:
            with file_opener(self._settings, self._store, rules) as opener, transaction(connection):
                for path in paths:
                    self._files.push([path])
                    pending.extend(self._store.files_in(path))
                    with opener.open(pending[-1]) as file, file_errors_as_bad_input(file):
                        landed = LANDERS[_kind(pending[-1])](connection, file, self._clock)
                        self._record(connection, file, landed)
                    report.add(_kind(pending[-1]), landed)
        except BadInput:
            report = self._land(connection, pending, None)
            set_aside.add(self._state, report.reasons, self._clock)
            return report
        failpoint("landing.after_commit")
        return report

    def _land(
        self,
        connection: duckdb.DuckDBPyConnection,
        pending: list[StoredFile],
        progress: Callable[[int, int], None] | None,
    ) -> LandingReport:
        report = LandingReport()
        rules = erasure_rules.load_rules(self._settings.spool_dir)
        report.reasons.update({self._store.manifest_path(path): why for path, why in rules.damaged.items()})
        done = 0
        with file_opener(self._settings, self._store, rules) as opener:
            for batch in _batches(pending):
                if len(batch) == 1 or not self._land_batch(connection, opener, batch, report):
                    for waiting in batch:
                        self._land_one(connection, opener, waiting, report)
                for _ in batch:
                    done += 1
                    if progress:
                        progress(done, len(pending))
        return report

    def _land_batch(
        self,
        connection: duckdb.DuckDBPyConnection,
        opener: FileOpener,
        batch: list[StoredFile],
        report: LandingReport,
    ) -> bool:
        """Land some files in one transaction; return False, with nothing done, when one of them can't be landed."""
        lander = append_polls if self._warehouse.appends_freely else BATCH_LANDERS[_kind(batch[0])]
        try:
            with ExitStack() as stack, transaction(connection):
                files = [stack.enter_context(opener.open(waiting)) for waiting in batch]
                for file in files:
                    stack.enter_context(file_errors_as_bad_input(file))
                results = lander(connection, files, self._clock)
                for file, landed in zip(files, results, strict=True):
                    self._record(connection, file, landed)
        except BadInput:
            return False
        failpoint("landing.after_commit")
        for waiting, landed in zip(batch, results, strict=True):
            report.add(_kind(waiting), landed)
        return True

    def _land_one(
        self, connection: duckdb.DuckDBPyConnection, opener: FileOpener, waiting: StoredFile, report: LandingReport
    ) -> None:
        """Land one file in a transaction of its own; one that can't be landed is named in the report."""
        lander = LANDERS.get(_kind(waiting))
        if lander is None:
            log.warning("No table is known for %s; the file stays where it is.", waiting.manifest_path)
            return
        try:
            with opener.open(waiting) as file, file_errors_as_bad_input(file), transaction(connection):
                if self._warehouse.appends_freely and is_appended(waiting):
                    (landed,) = APPENDERS[_kind(waiting)](connection, [file], self._clock)
                else:
                    landed = lander(connection, file, self._clock)
                self._record(connection, file, landed)
        except BadInput as error:
            report.reasons[waiting.manifest_path] = error.message
            log.error("%s can't be landed: %s", waiting.manifest_path, error)
            return
        failpoint("landing.after_commit")
        report.add(_kind(waiting), landed)

    def _record(self, connection: duckdb.DuckDBPyConnection, file: SpoolFile, landed: Landed) -> None:
        record(connection, file, landed, self._clock)
        failpoint("landing.in_transaction")


def _kind(file: StoredFile) -> tuple[str, str]:
    return file.source, file.entity


def _batches(pending: list[StoredFile]) -> Iterator[list[StoredFile]]:
    """Yield the files in their order: neighbours of a kind that lands many at once together, all others alone."""
    for kind, neighbours in groupby(pending, key=_kind):
        files = list(neighbours)
        size = BATCH_FILES if kind in BATCH_LANDERS else 1
        yield from (files[start : start + size] for start in range(0, len(files), size))
