"""Find what is not landed yet and land it, file by file, oldest first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from extract_load.clock import Clock, SystemClock
from extract_load.errors import BadInput
from extract_load.landing.answers import ANSWER_TABLES, land_answers
from extract_load.landing.manifest import Lander, SpoolFile, known_files, record
from extract_load.landing.ops import copy_state
from extract_load.landing.polls import land_polls
from extract_load.settings import Settings
from extract_load.spool import spooled_files
from extract_load.state import State
from extract_load.warehouse import Warehouse

log = logging.getLogger(__name__)

LANDERS: dict[tuple[str, str], Lander] = {
    ("spotify", "recently_played"): land_polls,
    **dict.fromkeys(ANSWER_TABLES, land_answers),
}


@dataclass(slots=True)
class LandingReport:
    """What one landing did: files and rows by (source, entity), and the files that could not be read."""

    files: int = 0
    landed: dict[tuple[str, str], int] = field(default_factory=dict)
    known: dict[tuple[str, str], int] = field(default_factory=dict)
    rejected: dict[tuple[str, str], int] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    def rows(self, source: str, entity: str) -> int:
        """Give the rows landed of one kind."""
        return self.landed.get((source, entity), 0)


class Landing:
    """Lands spool and cache into one warehouse."""

    def __init__(self, settings: Settings, warehouse: Warehouse, state: State, clock: Clock | None = None) -> None:
        self._settings = settings
        self._warehouse = warehouse
        self._state = state
        self._clock = clock or SystemClock()

    def land(
        self,
        *,
        purpose: str = "landing",
        wait_seconds: float | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> LandingReport:
        """Land every file that is not in yet, and copy the state to `ops`.

        `progress` is told (files done, files in all). Errors: WarehouseBusy; the files stay for the next call.
        """
        with self._warehouse.open(purpose, wait_seconds) as connection:
            done = known_files(connection)
            todo = [file for file in self._files() if file.name not in done]
            report = self._land(connection, todo, progress)
            copy_state(connection, self._state)
        return report

    def land_now(self, connection: duckdb.DuckDBPyConnection, paths: Iterable[Path]) -> LandingReport:
        """Land files that were just written, on an open connection (they must not be in yet)."""
        return self._land(connection, [self._file(path) for path in paths], None)

    def _land(
        self,
        connection: duckdb.DuckDBPyConnection,
        todo: list[SpoolFile],
        progress: Callable[[int, int], None] | None,
    ) -> LandingReport:
        report = LandingReport()
        for number, file in enumerate(todo, start=1):
            lander = LANDERS.get((file.source, file.entity))
            if lander is None:
                log.warning("No table is known for %s; the file stays where it is.", file.name)
                continue
            self._land_one(connection, file, lander, report)
            if progress:
                progress(number, len(todo))
        return report

    def _land_one(
        self, connection: duckdb.DuckDBPyConnection, file: SpoolFile, lander: Lander, report: LandingReport
    ) -> None:
        connection.execute("begin")
        try:
            landed = lander(connection, file, self._clock)
            record(connection, file, landed, self._clock)
            connection.execute("commit")
        except BadInput as error:
            connection.execute("rollback")
            report.unreadable.append(file.name)
            log.error("%s can't be landed: %s", file.name, error)
            return
        except BaseException:
            connection.execute("rollback")
            raise
        key = (file.source, file.entity)
        report.files += 1
        for tally, count in ((report.landed, landed.landed), (report.known, landed.known)):
            tally[key] = tally.get(key, 0) + count
        report.rejected[key] = report.rejected.get(key, 0) + landed.rejected

    def _files(self) -> list[SpoolFile]:
        roots = (self._settings.spool_dir, self._settings.answers_dir)
        return [self._file(path) for root in roots for path in spooled_files(root)]

    def _file(self, path: Path) -> SpoolFile:
        is_cache = path.is_relative_to(self._settings.answers_dir)
        root, prefix = (self._settings.answers_dir, "cache") if is_cache else (self._settings.spool_dir, "src")
        relative = path.relative_to(root)
        return SpoolFile(path, f"{prefix}/{relative.as_posix()}", relative.parts[0], relative.parts[1])
