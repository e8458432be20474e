"""What a machine is set to, apart from disk and network: its clock, its time zone, `.env`, odd folder names.

One check result for each trouble; nothing is written and nobody is asked.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import available_timezones

from extract_load.core.clock import is_plausible
from extract_load.core.settings import Settings, settings_file
from extract_load.monitoring.check_result import CheckResult

TOLERANCE = timedelta(hours=1)
_SET_THE_CLOCK = "Set the clock of this machine (`timedatectl set-ntp true` on Linux), then run the command again."
_PATTERN = "?*["
_LOCALTIME = Path("/etc/localtime")
_ASSIGNMENT = re.compile(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=", re.MULTILINE)
_OTHER_NAMES = {
    "MUSIC_TRACKER_ENV_FILE", "MUSIC_TRACKER_HOME", "MUSIC_TRACKER_USER", "PAGE_BIND", "POSTGRES_IMAGE",
    "PREFECT_API_AUTH_STRING", "PREFECT_API_URL", "PREFECT_BIND", "PREFECT_DB_PASSWORD", "PREFECT_HOME",
    "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_UI_API_URL", "TZ",
}  # fmt: skip
"""Names that `.env` may have for docker-compose, Prefect or the machine."""


def check_clock(now: datetime, newest_record: datetime | None) -> Iterator[CheckResult]:
    """Yield a problem when `now` (UTC) can't be right: before this program was made, or before its own records."""
    if not is_plausible(now):
        text = f"The clock says {now:%Y-%m-%d %H:%M} UTC, which is before this program was made."
        yield CheckResult("clock", "problem", text, _SET_THE_CLOCK)
    elif newest_record and newest_record > now + TOLERANCE:
        text = (
            f"The clock says {now:%Y-%m-%d %H:%M} UTC, but something was recorded at {newest_record:%Y-%m-%d %H:%M}:"
            " it is slow now or was fast then."
        )
        yield CheckResult("clock", "problem", text, _SET_THE_CLOCK)


def check_zone(settings: Settings, machine_zone: str | None) -> Iterator[CheckResult]:
    """Yield a warning when days are shown in UTC on a machine that lives elsewhere, most likely by oversight."""
    if settings.listener_timezone in {"UTC", "Etc/UTC"} and machine_zone not in {None, "UTC", "Etc/UTC", "Universal"}:
        text = f"LISTENER_TIMEZONE is UTC, but this machine is in {machine_zone}: your days and hours are shown in UTC."
        hint = f"Set LISTENER_TIMEZONE={machine_zone} in .env if that is where you listen."
        yield CheckResult("zone", "warning", text, hint)


def machine_zone(localtime: Path = _LOCALTIME) -> str | None:
    """Return the name of this machine's time zone, None where it can't be told."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if not named and localtime.is_symlink():
        named = str(localtime.readlink()).partition("zoneinfo/")[2]
    return named if named in available_timezones() else None


def check_env_file(env_file: Path | None = None) -> Iterator[CheckResult]:
    """Yield a warning when other users of the machine can read the file with the secrets."""
    path = settings_file(env_file)
    if not path.is_file():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        text = f"{path.name} can be read by other users of this machine (mode {mode:04o}); it holds your secrets."
        yield CheckResult("env-file", "warning", text, f"Run `chmod 600 {path}`.")


def check_names(env_file: Path | None = None) -> Iterator[CheckResult]:
    """Yield a warning for each name in the file that is no setting but much like one: nobody reads it."""
    path = settings_file(env_file)
    if not path.is_file():
        return
    known = {name.upper() for name in Settings.model_fields} | _OTHER_NAMES
    for name in _ASSIGNMENT.findall(path.read_text(encoding="utf-8", errors="replace")):
        meant = [] if name.upper() in known else get_close_matches(name.upper(), known, n=1, cutoff=0.8)
        for right in meant:
            text = f"{name} in {path.name} is no setting, so nothing reads it. Is it {right}?"
            yield CheckResult(f"setting:{name}", "warning", text, f"Call it {right}, or take the line out.")


def check_paths(settings: Settings) -> Iterator[CheckResult]:
    """Yield a problem for a warehouse that DuckDB can't keep there, a note for folders that others take for patterns.

    DuckDB takes what follows a `?` for parameters of an address and looks for the warehouse's log in another folder.
    """
    if "?" in str(settings.warehouse_path):
        text = f"DUCKDB_PATH has a ? in it ({settings.warehouse_path}), and DuckDB can't write there."
        yield CheckResult("path:DUCKDB_PATH", "problem", text, "Rename the folder, or set DUCKDB_PATH elsewhere.")
    elif found := sorted(set(str(settings.warehouse_path)) & set(_PATTERN)):
        yield _pattern("DUCKDB_PATH", settings.warehouse_path, found)
    for name, folder in (("DATA_BASE_PATH", settings.spool_dir), ("CACHE_DIR", settings.answers_dir)):
        if found := sorted(set(str(folder)) & set(_PATTERN)):
            yield _pattern(name, folder, found)


def _pattern(name: str, folder: Path, found: list[str]) -> CheckResult:
    text = f"{name} has {' and '.join(found)} in it ({folder}), which other programs take for a pattern of names."
    return CheckResult(f"path:{name}", "note", text, "Rename the folder if you read its files with other programs.")
