"""The backup that happens by itself: copied by the daily run to BACKUP_DIR, verified once a week.

What it came to is kept in the state (service `backup`): `last` is the last good one, `verified` when one was last
proved, `failing` why there is no new one, `damaged` what the last verification found. A backup that does not verify is
not good: until one does, `last` stays where it was.
Always holds: a drive that is not mounted is never written to as a plain folder.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import BadInput, ConfigurationError, MusicTrackerError
from extract_load.core.results import TaskResult
from extract_load.core.settings import Settings
from extract_load.maintenance.backup import BackupReport, Progress, backup
from extract_load.maintenance.manifest_parser import INCOMING, MANIFEST, NEXT
from extract_load.maintenance.marts_builder import Transform
from extract_load.maintenance.verify import verify
from extract_load.storage.ports import State
from extract_load.storage.state import from_iso, to_iso

SERVICE = "backup"
VERIFY_EVERY = timedelta(days=7)
_SLACK = timedelta(hours=6)  # a daily run that starts a little earlier than a week ago still verifies
_DRIVE_ROOTS = ("/mnt", "/media", "/run/media", "/Volumes", "/net")
"""Where drives are mounted by custom, on Linux and macOS."""


def back_up_daily(
    settings: Settings,
    state: State,
    transform: Transform,
    *,
    seeds: Path | None = None,
    clock: Clock | None = None,
) -> TaskResult:
    """Copy what is new to BACKUP_DIR, and verify the backup when the last proof is a week old.

    Without BACKUP_DIR nothing is done. Errors: the five kinds; what stopped the backup is in the state as well.
    """
    folder = settings.backup_path
    if folder is None:
        return TaskResult("no_updates", message="BACKUP_DIR is not set")
    clock = clock or SystemClock()
    try:
        refuse_missing_drive(state, folder)
        report = backup(settings, folder, seeds=seeds, clock=clock)
        verified = _verify_when_due(settings, state, transform, folder, seeds=seeds, clock=clock)
    except (MusicTrackerError, OSError) as error:
        _record_failure(state, folder, error, clock.now())
        raise
    record_backup(state, report, clock.now())
    counts = {"files": report.files, "files_copied": report.copied, "backups_verified": int(verified)}
    message = f"{len(report.kept)} files are gone or damaged in the data directory" if report.kept else ""
    return TaskResult("success", counts, message=message)


def back_up_by_hand(
    settings: Settings, state: State, *, is_named: bool, clock: Clock | None = None, progress: Progress | None = None
) -> BackupReport:
    """Back up to BACKUP_DIR and remember it. A folder that a person named (`is_named`) is made, and may be empty.

    Errors: ConfigurationError when the drive is missing, or BACKUP_DIR is not set.
    """
    clock, folder = clock or SystemClock(), settings.backup_path
    if folder is None:
        raise ConfigurationError("BACKUP_DIR is not set.", hint="Name a folder: `music-tracker backup DIR`.")
    if not is_named:
        refuse_missing_drive(state, folder)
    report = backup(settings, folder, clock=clock, progress=progress)
    record_backup(state, report, clock.now())
    return report


def record_backup(state: State, report: BackupReport, at: datetime) -> None:
    """Remember a good backup to BACKUP_DIR, made by hand or by the daily run."""
    last = {"folder": str(report.folder), "at": to_iso(at), "files": report.files, "kept": len(report.kept)}
    state.put(SERVICE, "last", last, at)
    state.put(SERVICE, "failing", None, at)


def refuse_missing_drive(state: State, folder: Path) -> None:
    """Raise ConfigurationError when the folder looks like the place of a drive that is not mounted.

    The manifest of the last backup marks the right drive. Without one (the first backup), a folder below the usual
    places of drives must lie on another device than that place itself.
    """
    hint = "Mount the drive; to begin a new backup there, run `music-tracker backup DIR` once by hand."
    if not folder.is_dir():
        hint = "Mount the drive, or make the folder once by hand."
        raise ConfigurationError(f"BACKUP_DIR ({folder}) does not exist: is its drive mounted?", hint=hint)
    if any((folder / name).exists() for name in (MANIFEST, NEXT, INCOMING)):
        return
    last: dict[str, Any] = state.get(SERVICE, "last") or {}
    if last.get("folder") == str(folder.resolve()):
        msg = f"BACKUP_DIR ({folder}) holds no backup any more, and did on {last['at'][:10]}: is its drive mounted?"
        raise ConfigurationError(msg, hint=hint)
    if is_unmounted(folder):
        raise ConfigurationError(f"BACKUP_DIR ({folder}) lies on no drive of its own: is it mounted?", hint=hint)


def is_unmounted(folder: Path, roots: tuple[str, ...] = _DRIVE_ROOTS) -> bool:
    """Return whether a folder lies where drives are mounted, on the same device as that place: no drive is there."""
    real = folder.resolve()
    for root in map(Path, roots):
        if root.is_dir() and real.is_relative_to(root.resolve()):
            return real.stat().st_dev == root.stat().st_dev
    return False


def _verify_when_due(
    settings: Settings, state: State, transform: Transform, folder: Path, *, seeds: Path | None, clock: Clock
) -> bool:
    """Prove the backup when the last proof of this folder is a week old; return whether it was due.

    Errors: BadInput when the backup is damaged, or other marts come from it than were published.
    """
    now, proved = clock.now(), state.get(SERVICE, "verified") or {}
    is_known = proved.get("folder") == str(folder.resolve()) and not state.get(SERVICE, "damaged")
    if is_known and from_iso(proved["at"]) <= now < from_iso(proved["at"]) + VERIFY_EVERY - _SLACK:
        return False
    try:
        report = verify(settings, folder, transform, seeds=seeds, clock=clock)
        if not report.is_good:
            found = "; ".join((report.differences or [])[:5])
            msg = f"The marts built from the backup differ from those that were published: {found}."
            raise BadInput(msg, hint="`music-tracker backup verify DIR` says more.")
    except BadInput as error:
        state.put(
            SERVICE, "damaged", {"folder": str(folder.resolve()), "at": to_iso(now), "message": error.message}, now
        )
        raise
    state.put(SERVICE, "verified", {"folder": str(folder.resolve()), "at": to_iso(now)}, now)
    state.put(SERVICE, "damaged", None, now)
    return True


def _record_failure(state: State, folder: Path, error: Exception, at: datetime) -> None:
    """Remember since when there is no new backup, and why."""
    before = state.get(SERVICE, "failing") or {}
    message = error.message if isinstance(error, MusicTrackerError) else str(error)
    failing = {"folder": str(folder.resolve()), "since": before.get("since") or to_iso(at), "message": message}
    state.put(SERVICE, "failing", failing, at)
