"""Import the exports of a listening history: zips as downloaded, folders, single files; no request is sent.

In: paths. Out: redacted spool files, their rows in raw.spotify_streaming_history, a count for every row. A file is
complete in the spool before it is landed, and lands in one transaction: after a kill the next run resumes.
Source: docs/contracts/exports.md, sections 1 and 2.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Literal

from extract_load.context import Context
from extract_load.core.errors import BadInput, ServiceUnavailable
from extract_load.core.listener_registry import Listener
from extract_load.core.listeners import chosen_listeners
from extract_load.core.settings import Settings
from extract_load.core.text import pluralize
from extract_load.spotify.history_import.discovery import find_members
from extract_load.spotify.history_import.encoding import UTF_8
from extract_load.spotify.history_import.file_reader import FileSummary, MemberReader, read_ahead
from extract_load.spotify.history_import.history_file import Found, Member, Refused, export_id_of, newest_first
from extract_load.spotify.history_import.landing_thread import LandedFiles, LandingThread
from extract_load.spotify.history_import.owner_search import Owners
from extract_load.spotify.history_import.ownership import OwnershipCheck, Verdict
from extract_load.spotify.history_import.row_parser import RowCounts
from extract_load.spotify.history_import.spool_writer import (
    find_spooled,
    header,
    release,
    remove_held_files,
    write_held,
)
from extract_load.storage.writer_lock import WarehouseBusy, WriterLock

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
Status = Literal["landed", "spooled", "known"]

FOREIGN = (
    "it looks like another listener's export ({why}); nothing of it was kept."
    " If it is yours, import it again with --confirm-listener"
)


NOBODYS = (
    "nothing in it shows which listener it belongs to; nothing of it was kept."
    " Say whose it is: import it again with --listener and one of {ids}"
)
WHAT_TO_GIVE = "Give the zip as Spotify sends it (my_spotify_data.zip), or the folder that it holds."


@dataclass(frozen=True, slots=True)
class FileAccount:
    """The row counts of one history file: rows = landed + known + rejected, once it is landed.

    `mended` rows are kept although they held characters that are not Unicode, now replaced. `spooled` means complete in
    the spool, but not landed yet. `known` rows are duplicates: already landed. `trouble` is a sentence about what of
    the file could not be read at all, "" when nothing.
    """

    name: str
    format: str
    export_id: str
    status: Status
    rows: int
    landed: int = 0
    known: int = 0
    rejected: int = 0
    mended: int = 0
    encoding: str = UTF_8
    trouble: str = ""


@dataclass(slots=True)
class ImportResult:
    """The result of an import: counts per history file, refused files with reasons, and the number of ignored files."""

    files: list[FileAccount] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    left_alone: int = 0
    waiting_for: str = ""

    def total(self, what: Literal["rows", "landed", "known", "rejected", "mended"]) -> int:
        """Return the sum of one count over all files."""
        return sum(int(getattr(file, what)) for file in self.files)

    @property
    def exit_code(self) -> int:
        """0 when everything that was given is kept, 1 when something was refused or unreadable, or nothing found."""
        return 1 if self.refused or not self.files or any(file.trouble for file in self.files) else 0

    @property
    def message(self) -> str:
        """One sentence that sums up the import."""
        if not self.files:
            return f"Nothing was imported. {WHAT_TO_GIVE}"
        rows = f"{self.total('rows'):,} rows in {len(self.files)} file(s)"
        parts = {"landed": "new", "known": "known already", "rejected": "rejected (ops.rejected_rows says why)"}
        parts_shown = [f"{self.total(what):,} {words}" for what, words in parts.items() if self.total(what)]  # type: ignore[arg-type]
        if self.waiting_for:
            parts_shown.append(f"kept in the spool until the next run, as the warehouse is busy: {self.waiting_for}")
        return f"{rows}: {', '.join(parts_shown) or 'nothing new'}."

    def account(self) -> list[str]:
        """Return the lines to show to a person: refused files, files with rejected rows, then the summary."""
        lines = [f"Refused {one.name}: {one.reason}." for one in self.refused]
        for file in self.files:
            if file.rejected or file.mended:
                lines.append(f"{file.name}: {file.rejected:,} rows rejected, {file.mended:,} mended.")
            if file.encoding != UTF_8:
                lines.append(f"{file.name}: read as {file.encoding}.")
            if file.trouble:
                lines.append(f"{file.name}: {file.trouble}.")
        if self.left_alone:
            alone = pluralize(self.left_alone, "other file")
            lines.append(f"Left alone, as no listening history is there: {alone}.")
        return [*lines, self.message]


def import_paths(
    context: Context,
    paths: Iterable[Path],
    *,
    listener: str | None = None,
    confirm_listener: bool = False,
    progress: Progress | None = None,
) -> ImportResult:
    """Import what the paths hold and return the counts; what can't be read is refused with a reason, the rest goes on.

    With several listeners each download finds its owner, unless `listener` names them. `progress` is called with (bytes
    done, bytes in total). Errors: ServiceUnavailable when another import is running.
    """
    lock = WriterLock(context.settings.data_dir / ".import.lock", context.clock)
    try:
        with lock.held("another import", context.settings.lock_wait_seconds), _short_thread_switches():
            remove_held_files(context.settings.spool_dir)
            whose = chosen_listeners(context.settings, [listener] if listener else [])
            return _Import(context, find_members(paths), whose, confirm_listener, progress).run()
    except WarehouseBusy as busy:
        raise ServiceUnavailable(f"Another import is running: {lock.holder() or busy.message}.") from None


@contextmanager
def _short_thread_switches() -> Iterator[None]:
    """Switch threads every half millisecond: reading ahead and landing need the interpreter briefly, but often."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


@dataclass(slots=True)
class _Spooled:
    """A file on its way: its counts so far, and its spool file (None when it was imported before)."""

    account: FileAccount
    path: Path | None
    size: int


class _Import:
    """One import: groups files by download, spools each, hands them to the landing thread, sums up the counts."""

    def __init__(
        self, context: Context, found: Found, whose: list[Listener], confirmed: bool, progress: Progress | None
    ) -> None:
        self._context = context
        self._whose = whose
        self._confirmed = confirmed
        self._result = ImportResult(refused=list(found.refused), left_alone=found.left_alone)
        self._readers = list(self._find_history(found.members))
        self._progress = _Progress(progress, sum(member.size for member, _, _ in self._readers))
        self._spooled: list[_Spooled] = []
        self._seen: set[str] = set()

    def run(self) -> ImportResult:
        """Run the import and return its result."""
        self._owners = Owners(
            self._context, self._whose, confirmed=self._confirmed
        )  # before landing takes the warehouse
        self._thread = LandingThread(self._context, self._progress.landed)
        try:
            key = _download_key
            for _, group in groupby(sorted(self._readers, key=key), key=key):
                self._import_one_download(list(group))
        finally:
            landed = self._thread.finish()
        self._sum_up(landed)
        return self._result

    def _find_history(self, members: Iterable[Member]) -> Iterable[tuple[Member, MemberReader, str]]:
        for member in members:
            reader = MemberReader(member, self._context.clock.now())
            try:
                format_ = reader.format()
                reason = "" if format_ else "it holds no listening history"
            except BadInput as error:
                format_, reason = None, error.message
            if format_:
                yield member, reader, format_
            elif member.asked_for or member.is_named_like_spotifys:
                self._result.refused.append(Refused(member.name, reason))
            else:
                self._result.left_alone += 1

    def _import_one_download(self, group: list[tuple[Member, MemberReader, str]]) -> None:
        """Import the files of one download, newest first; all of it is refused when it is another listener's."""
        export_id = export_id_of(member for member, _, _ in group)
        group.sort(key=lambda one: newest_first(one[0]))
        own = self._owners.find([member for member, _, _ in group])
        if own is None:
            reason = NOBODYS.format(ids=self._owners.ids)
            self._result.refused.append(Refused(group[0][0].name, reason, needs_confirmation=True))
            return
        owner = self._owners.check(own)
        held: list[_Spooled] = []
        for reader in read_ahead([one[1] for one in group]):
            member = reader.member
            spooled = self._spool(own.settings, reader, export_id)
            if spooled is None:
                continue
            held.append(spooled[0])
            if spooled[0].path and self._verdict(owner, *spooled) is Verdict.FOREIGN:
                self._refuse(member, held, "its rows carry another user name")
                return
            if owner.is_sure():
                held = self._release(owner, held)
        if owner.final_verdict() is Verdict.FOREIGN:
            self._refuse(group[0][0], held, "plays that are known from that time are not in it")
            return
        self._release(owner, held)

    def _spool(self, settings: Settings, reader: MemberReader, export_id: str) -> tuple[_Spooled, FileSummary] | None:
        """Read one file and write it under its held name; return None when it is refused."""
        member, at = reader.member, self._context.clock.now()
        try:
            format_ = reader.format()
            assert format_ is not None
            summary = reader.summarize(format_)
            first = header(
                member.name, summary, export_id, listener_id=settings.listener_id, run_id=self._context.run_id, at=at
            )
            known = find_spooled(settings.spool_dir, settings.listener_id, summary)
            is_new = known is None and summary.sha256 not in self._seen
            path = write_held(settings.spool_dir, first, reader.blocks(summary)) if is_new else None
        except BadInput as error:
            self._result.refused.append(Refused(member.name, error.message))
            return None
        finally:
            reader.close()
        self._seen.add(summary.sha256)
        status: Status = "spooled" if is_new else "known"
        account = FileAccount(
            *(member.name, summary.format, export_id, status, summary.counted),
            mended=summary.tally.mended,
            encoding=summary.encoding,
            trouble=_describe_trouble(summary.tally),
        )
        if not is_new:
            account = replace(account, known=summary.counted, mended=0)
        self._progress.spooled(member.size, done=not is_new)
        return _Spooled(account, path, member.size), summary

    def _verdict(self, owner: OwnershipCheck, spooled: _Spooled, summary: FileSummary) -> Verdict:
        assert spooled.path is not None
        return owner.add_file(spooled.path, summary.tally.usernames)

    def _release(self, owner: OwnershipCheck, held: list[_Spooled]) -> list[_Spooled]:
        """Rename the held files to their final names, hand them to landing, and return what is still held: nothing."""
        owner.remember()
        for one in held:
            if one.path:
                one.path = release(one.path)
                self._progress.remember(one.path, one.size)
                self._thread.put(one.path, one.account.rows)
            self._spooled.append(one)
        return []

    def _refuse(self, member: Member, held: list[_Spooled], why: str) -> None:
        for one in held:
            if one.path:
                one.path.unlink(missing_ok=True)
        self._result.refused.append(Refused(member.name, FOREIGN.format(why=why), needs_confirmation=True))

    def _sum_up(self, landed: LandedFiles) -> None:
        self._result.waiting_for = landed.busy
        for one in self._spooled:
            rows = landed.files.get(one.path) if one.path else None
            if rows:
                counts = {"landed": rows.landed, "known": rows.known, "rejected": rows.rejected}
                self._result.files.append(replace(one.account, status="landed", **counts))  # type: ignore[arg-type]
            else:
                self._result.files.append(one.account)
        self._result.files.sort(key=lambda file: (file.export_id, file.name))


class _Progress:
    """Progress in bytes: half of a file when it is spooled, half when it is landed. Called from two threads."""

    def __init__(self, report: Progress | None, total: int) -> None:
        self._report, self._total, self._half_bytes = report, total, 0
        self._sizes: dict[Path, int] = {}
        self._lock = threading.Lock()

    def remember(self, path: Path, size: int) -> None:
        """Remember how large the original of a spool file is."""
        self._sizes[path] = size

    def spooled(self, size: int, *, done: bool) -> None:
        """Count a file that is spooled, or `done` because it was in."""
        self._add(2 * size if done else size)

    def landed(self, path: Path) -> None:
        """Count a file that is landed."""
        self._add(self._sizes.get(path, 0))

    def _add(self, half_bytes: int) -> None:
        with self._lock:
            self._half_bytes += half_bytes
            if self._report:
                self._report(min(self._total, self._half_bytes // 2), self._total)


def _describe_trouble(tally: RowCounts) -> str:
    """Return what of a file could not be read as rows, "" when nothing."""
    if tally.foreign:
        return "it holds text that is not JSON; its rows are kept, and ops.rejected_rows says where the text is"
    return "it ends in the middle of a row or a list; download it again" if tally.cut else ""


def _download_key(one: tuple[Member, MemberReader, str]) -> tuple[str, bool]:
    """Return the key that groups files of one download: their folder, with account data apart from extended history."""
    return one[0].place, one[2] == "account_data"
