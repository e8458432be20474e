"""The inbox: exports that are dropped into a folder are imported by the next `ingest` or `etl`.

In: INBOX_DIR. Out: imported entries in `done`, unreadable ones in `failed` with a text beside them that says why and
what to do; facts in the state for `status` and alerts. Always holds: an entry is read only if it is as it was at the
last look of an earlier run, and nobody writes to it; nothing that lies there makes a run fail; another listener's
export waits for confirmation. What is put back is tried again. Source: docs/contracts/exports.md, section "The inbox".
"""

from __future__ import annotations

import errno
import logging
import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extract_load.context import Context
from extract_load.core.errors import BadInput, MusicTrackerError
from extract_load.core.results import TaskResult, describe_error
from extract_load.core.text import join_first
from extract_load.spotify.history_import import inbox_files
from extract_load.spotify.history_import.history_file import MAX_FILE_BYTES, plain_name
from extract_load.spotify.history_import.importer import ImportResult, import_paths
from extract_load.spotify.history_import.inbox_files import DONE, FAILED, FAILED_NOTE, WAITING_NOTE, note_of
from extract_load.storage.state import to_iso
from extract_load.storage.writer_lock import WarehouseBusy, WriterLock

log = logging.getLogger(__name__)

SERVICE = "inbox"
TASK = "import the inbox"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
_MOST_REASONS = 20


@dataclass(slots=True)
class InboxResult:
    """What became of the entries, by name; `stopped` says why the others were left for the next run."""

    imported: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    rows_landed: int = 0
    stopped: str = ""

    @property
    def message(self) -> str:
        """One sentence about it all, empty when nothing lies in the inbox."""
        parts = {
            "imported": self.imported,
            "not readable (see inbox/failed)": self.failed,
            "left until it is whole or confirmed": self.waiting,
        }
        told = [f"{words}: {join_first(names)}" for words, names in parts.items() if names]
        return "; ".join([*told, *([self.stopped] if self.stopped else [])])


def has_entries(context: Context) -> bool:
    """Return whether the inbox has something to do: entries, or facts about entries that are gone."""
    return inbox_files.has_entries(context.settings.inbox_path) or bool(context.state.facts(SERVICE))


def import_inbox(context: Context) -> InboxResult:
    """Import what lies whole in the inbox; no entry makes it fail."""
    return _Inbox(context).run()


def summarize_inbox(result: InboxResult) -> TaskResult:
    """Return the result as that of a task, for a command and for a flow alike."""
    counts = {"imported": len(result.imported), "failed": len(result.failed), "rows_landed": result.rows_landed}
    worked = bool(result.imported or result.failed)
    return TaskResult("success" if worked else "no_updates", counts, message=result.message)


class _Inbox:
    """One look at the inbox. Facts in the state, by entry: seen, waiting, failed, and kept (it could not be moved)."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._inbox = context.settings.inbox_path
        self._result = InboxResult()

    def run(self) -> InboxResult:
        lock = WriterLock(self._context.settings.data_dir / ".inbox.lock", self._context.clock)
        try:
            with lock.held("the inbox", 0):
                names = inbox_files.entries(self._inbox)
                self._forget_gone(names)
                for name in names:
                    if not self._result.stopped:
                        self._look(name)
        except WarehouseBusy:
            return self._result  # another run looks at it
        except OSError as error:
            self._result.stopped = f"The inbox can't be used ({error.strerror or type(error).__name__})"
        is_unusable = {"reason": self._result.stopped} if self._result.stopped else None
        if is_unusable != self._context.state.get(SERVICE, "stopped"):
            self._put("stopped", is_unusable)
        return self._result

    def _look(self, name: str) -> None:
        """Import an entry if it is whole, or note how it looks now."""
        entry, key = self._inbox / name, inbox_files.entry_id(name)
        try:
            now = inbox_files.signature(entry)
        except inbox_files.NotAFile as wrong:
            self._fail(entry, [str(wrong)], "")
            return
        except OSError:
            return  # it was taken away meanwhile
        kept = self._get(f"kept:{key}")
        if kept and kept["signature"] == now:
            self._move(entry, kept["to"], now)
        elif self._get(f"seen:{key}") != now:
            self._put(f"seen:{key}", now)
            self._result.waiting.append(plain_name(name))
        elif self._still_waits(key, now) or inbox_files.is_empty_folder(entry) or inbox_files.is_in_use(entry):
            self._result.waiting.append(plain_name(name))
        else:
            self._import(entry, now)

    def _import(self, entry: Path, now: str) -> None:
        if inbox_files.total_bytes(entry) > MAX_FILE_BYTES:
            self._fail(entry, ["it is larger than 4 GiB, which no export is"], now)
            return
        try:
            result = import_paths(self._context, [entry])
        except BadInput as error:
            self._fail(entry, [error.message], now)
            return
        except MusicTrackerError as error:
            self._result.stopped = str(error)
            return
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                self._result.stopped = f"No export can be kept ({error.strerror})"
                return
            log.exception("An entry of the inbox could not be imported.")
            self._fail(entry, [f"reading it ended in an error ({describe_error(error)})"], now)
            return
        self._result.rows_landed += result.total("landed")
        self._settle(entry, now, result)

    def _settle(self, entry: Path, now: str, result: ImportResult) -> None:
        """Put an entry that was read where it belongs; one that was replaced meanwhile stays for the next look."""
        if not os.path.lexists(entry) or inbox_files.signature(entry) != now:
            return
        name = plain_name(entry.name)
        if result.refused and all(one.needs_confirmation for one in result.refused):
            self._wait_for_confirmation(entry, now, result.refused[0].reason)
        elif result.refused or not result.files:
            reasons = [one.reason if one.name == name else f"{one.name}: {one.reason}" for one in result.refused]
            self._fail(entry, reasons or ["it holds no listening history"], now)
        else:
            self._result.imported.append(name)
            self._move(entry, DONE, now)

    def _wait_for_confirmation(self, entry: Path, now: str, reason: str) -> None:
        option = "--listener ID" if self._context.settings.has_several_listeners else "--confirm-listener"
        command = f"music-tracker import {option} {shlex.quote(str(entry))}"
        note_of(entry, WAITING_NOTE).write_text(
            f"{plain_name(entry.name)} waits: {reason}.\n\nIf it is yours, run:\n\n    {command}\n\n"
            "The next `ingest` or `etl` then moves it to the folder done. If it is not, delete it.\n",
            encoding="utf-8",
            errors="replace",
        )
        self._result.waiting.append(plain_name(entry.name))
        fact = {"signature": now, "spooled": self._spooled(), "name": plain_name(entry.name), "reason": reason}
        self._put(f"waiting:{inbox_files.entry_id(entry.name)}", {**fact, "path": entry.name, "at": self._now()})

    def _still_waits(self, key: str, now: str) -> bool:
        """Return whether an entry waits for its confirmation, and nothing was imported since."""
        fact = self._get(f"waiting:{key}")
        return bool(fact) and fact["signature"] == now and fact["spooled"] == self._spooled()

    def _fail(self, entry: Path, reasons: list[str], now: str) -> None:
        """Move an entry to `failed`, with a text beside it."""
        name = plain_name(entry.name)
        self._result.failed.append(name)
        where = self._move(entry, FAILED, now)
        if where is not None:
            note = note_of(where, FAILED_NOTE)
            note.write_text(_failed_note(where, reasons, self._now()), encoding="utf-8", errors="replace")
        path = (where or entry).relative_to(self._inbox)
        fact = {"name": name, "reason": "; ".join(reasons[:3]), "path": str(path), "at": self._now()}
        fact_key = f"failed:{inbox_files.entry_id((where or entry).name)}"
        before = self._get(fact_key)
        if before and before | {"at": ""} == fact | {"at": ""}:
            return  # it could not be moved: it is reported already
        self._put(fact_key, fact)

    def _move(self, entry: Path, to: str, now: str) -> Path | None:
        """Move an entry; where that can't be done it is not read again, and the next look tries to move it."""
        key = inbox_files.entry_id(entry.name)
        for kind in ("seen", "waiting"):
            self._put(f"{kind}:{key}", None)
        note_of(entry, WAITING_NOTE).unlink(missing_ok=True)
        try:
            where = inbox_files.move(entry, self._inbox / to)
        except OSError as error:
            log.warning("%s can't be moved to inbox/%s: %s", plain_name(entry.name), to, error.strerror)
            self._put(f"kept:{key}", {"signature": now, "to": to})
            return None
        self._put(f"kept:{key}", None)
        return where

    def _forget_gone(self, names: list[str]) -> None:
        """Drop the facts and notes of entries that were taken away, or put back."""
        keys = {inbox_files.entry_id(name) for name in names}
        for fact_key, fact in self._context.state.facts(SERVICE).items():
            kind, _, key = fact_key.partition(":")
            if kind == "failed":
                path = self._inbox / fact["path"]
                if not os.path.lexists(path):
                    note_of(path, FAILED_NOTE).unlink(missing_ok=True)
                    self._put(fact_key, None)
            elif kind != "stopped" and key not in keys:
                if kind == "waiting":
                    note_of(self._inbox / fact["path"], WAITING_NOTE).unlink(missing_ok=True)
                self._put(fact_key, None)

    def _spooled(self) -> int:
        """Return the number of history files in the spool: it grows when somebody imports."""
        return sum(1 for _ in (self._context.settings.spool_dir / "spotify" / "streaming_history").rglob("*.gz"))

    def _now(self) -> str:
        return str(to_iso(self._context.clock.now()))

    def _get(self, key: str) -> Any:
        return self._context.state.get(SERVICE, key)

    def _put(self, key: str, value: Any) -> None:
        if value is not None or self._get(key) is not None:
            self._context.state.put(SERVICE, key, value, self._context.clock.now())


def _failed_note(where: Path, reasons: list[str], at: str) -> str:
    """Return the text beside an entry that could not be read."""
    listed = "\n".join(f"- {reason}" for reason in reasons[:_MOST_REASONS])
    more = f"\n- and {len(reasons) - _MOST_REASONS:,} more" if len(reasons) > _MOST_REASONS else ""
    return (
        f"{plain_name(where.name)} could not be imported ({at} UTC).\n\nWhy:\n{listed}{more}\n\n"
        "What to do: put the zip into the inbox as Spotify sent it (my_spotify_data.zip), or download it again if it is"
        " damaged. Move this file back into the inbox to have it tried again; what was readable in it is in already and"
        f" is not counted twice. The same by hand:\n\n    music-tracker import {shlex.quote(str(where))}\n"
    )
