"""Verify a backup: every byte, and then the proof that the marts can be made from it.

The backup is restored aside, and a warehouse is built there from the very files and polls that the published marts were
made from at the time of the backup: they must come out the same, table by table. Then the files that came in later are
landed, too: each must give all of its rows. The data directory is not touched.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import BadInput
from extract_load.core.settings import Settings
from extract_load.landing import Landing
from extract_load.maintenance.backup_manifest import SEEDS, Manifest, damaged_files, file_of, mark_of, read_manifest
from extract_load.maintenance.marts_builder import Transform
from extract_load.maintenance.rebuild import RebuildReport, build_aside, seeds_dir
from extract_load.maintenance.restore import describe_damage, restore
from extract_load.maintenance.stale_files import VERIFYING, sweep
from extract_load.maintenance.table_checksums import differences
from extract_load.storage.held_folder import held_folder
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class VerifyReport:
    """What was found: files read, rows landed, rows of the marts; what differs from the published marts, if known.

    `differences` is None when the backup knows no published marts. `notes` say what limits the comparison.
    """

    files: int
    rows: int
    plays: int
    differences: list[str] | None
    notes: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def verify(
    settings: Settings,
    folder: Path,
    transform: Transform,
    *,
    seeds: Path | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> VerifyReport:
    """Check a backup by reading it all, restoring it aside, and building the marts.

    Errors: BadInput naming damaged files, or files whose rows do not land; what the transform raises.
    """
    clock = clock or SystemClock()
    folder = folder.expanduser().resolve()
    manifest = read_manifest(folder)
    damaged = damaged_files(folder, manifest)
    if damaged:
        raise BadInput(describe_damage(damaged), hint="Make a new backup into another folder.")
    with _scratch(settings) as scratch:
        aside = _settings_aside(settings, scratch)
        restore(aside, folder, seeds=scratch / "seeds", clock=clock)
        _lend_gazetteer(settings, aside)
        state = State(aside.state_path)
        try:
            _remove_later_polls(state, manifest)
            later = frozenset(manifest.published.later_files if manifest.published else ())
            place = aside.data_dir / "build"
            built = build_aside(
                *(aside, state, transform, place),
                exclude=later,
                seeds=scratch / "seeds",
                clock=clock,
                progress=progress,
            )
            report = _compared(manifest, built, _land_the_rest(aside, state, built, clock))
        finally:
            state.close()
    report.notes.extend(_other_seeds(manifest, folder, seeds or seeds_dir()))
    return report


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """Yield a folder of this process, on the disk of the data directory."""
    sweep(settings)
    with held_folder(settings.data_dir, VERIFYING) as folder:
        yield folder


def _settings_aside(settings: Settings, scratch: Path) -> Settings:
    return settings.model_copy(
        update={
            "data_base_path": scratch / "src",
            "cache_dir": scratch / "cache",
            "duckdb_path": scratch / "music_tracker.duckdb",
            "spotify_token_path": scratch / "no_token.json",
        }
    )


def _lend_gazetteer(settings: Settings, aside: Settings) -> None:
    """Save the half minute in which the gazetteer's file would be made again: it holds nothing of the listener."""
    aside.answers_dir.mkdir(parents=True, exist_ok=True)
    for path in settings.answers_dir.glob("gazetteer-*.duckdb"):
        shutil.copyfile(path, aside.answers_dir / path.name)


def _remove_later_polls(state: State, manifest: Manifest) -> None:
    """Take the polls out of the copied state that the published marts did not know of yet."""
    if manifest.published:
        with state.transaction() as db:
            later = [(poll,) for poll in manifest.published.later_polls]
            db.executemany("delete from polls where poll_id = ?", later)


def _compared(manifest: Manifest, built: RebuildReport, rows: int) -> VerifyReport:
    found = [f"the blocking test {name} failed" for name in built.failed_tests]
    plays = built.marts.get("marts.fct_plays")
    report = VerifyReport(len(manifest.files), rows, plays.rows if plays else 0, found or None)
    if manifest.published is None:
        report.notes.append("Nothing was published when the backup was made, so there is nothing to compare with.")
        return report
    report.differences = found + differences(manifest.published.marts, built.marts)
    if manifest.published.later_files:
        count = len(manifest.published.later_files)
        report.notes.append(f"{count} file(s) came in after the marts were published; they land in full.")
    return report


def _land_the_rest(aside: Settings, state: State, built: RebuildReport, clock: Clock) -> int:
    """Land what the marts were not made from, and return the rows landed in all.

    Errors: BadInput naming files that can't be landed.
    """
    elsewhere = aside.model_copy(update={"duckdb_path": aside.data_dir / "build" / aside.warehouse_path.name})
    rest = Landing(elsewhere, Warehouse(elsewhere, clock), state, clock).land(purpose="verifying a backup")
    unreadable = sorted({*built.landing.unreadable, *rest.unreadable})
    if unreadable:
        raise BadInput(
            f"{len(unreadable)} file(s) of the backup can't be landed: {', '.join(unreadable[:20])}.",
            hint="The data directory can't land them either: delete or repair them there, then back up again.",
        )
    return sum(built.landing.landed.values()) + sum(rest.landed.values())


def _other_seeds(manifest: Manifest, folder: Path, seeds: Path) -> list[str]:
    """Name seeds that are others now: the marts were built with the ones that are installed."""
    said = []
    for name in sorted(manifest.files):
        here = seeds / name.removeprefix(SEEDS)
        if name.startswith(SEEDS) and (not here.exists() or mark_of(here) != mark_of(file_of(folder, manifest, name))):
            said.append(
                f"The seed {here.name} is another one now; the marts were built with the one that is installed."
            )
    return said
