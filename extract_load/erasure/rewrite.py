"""Take what is to be forgotten out of every file of the spool and the cache."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from extract_load.core.failpoints import failpoint
from extract_load.core.settings import Settings
from extract_load.erasure.line_subjects import tombstone
from extract_load.erasure.rules import ENTITY, SOURCE, Rules
from extract_load.storage.day_files import day_files, members, write_day
from extract_load.storage.spool import PARTIAL, new_file, pack, packed_writer, read_lines, spooled_files

_SURELY_DEAD_SECONDS = 24 * 3600


def rewrite_all_without(settings: Settings, rules: Rules) -> int:
    """Replace every line that the rules reach by a tombstone, and return how many those were. Safe to call again.

    What killed writers left half-written goes, too: it may hold what is to be forgotten.
    """
    if not rules:
        return 0
    count = 0
    for root in (settings.spool_dir, settings.answers_dir):
        for left in root.rglob(f"*{PARTIAL}"):
            if time.time() - left.stat().st_mtime > _SURELY_DEAD_SECONDS:
                left.unlink(missing_ok=True)
        for path, entity in spool_files_of(root):
            count += rewrite_without(path, entity, rules)
            failpoint("forget.while_scrubbing")
        for path in day_files(root):
            count += rewrite_day_without(path, path.parent.name, rules)
            failpoint("forget.while_scrubbing")
    return count


def rewrite_without(path: Path, entity: str, rules: Rules) -> int:
    """Replace the lines of a spool file that a rule reaches by stubs, atomically, and say how many."""
    taken = rules.forgotten_lines(read_lines(path), entity)
    if taken:
        with new_file(path) as out, packed_writer(out) as packed:
            for line in _without(read_lines(path), entity, taken):
                packed.write(line)
    return len(taken)


def rewrite_day_without(path: Path, entity: str, rules: Rules) -> int:
    """Do the same for a day file."""
    count, files = 0, []
    for member in members(path):
        lines = member.content.splitlines(keepends=True)
        taken = rules.forgotten_lines(lines, entity)
        count += len(taken)
        files.append((member.name, pack(b"".join(_without(lines, entity, taken))) if taken else member.packed))
    if count:
        write_day(path, files)
    return count


def spool_files_of(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the single files below a root with their entity, rules left out."""
    for path in spooled_files(root):
        entity = path.parent.parent.name
        if (path.parent.parent.parent.name, entity) != (SOURCE, ENTITY):
            yield path, entity


def _without(lines: Iterable[bytes], entity: str, taken: Mapping[int, str]) -> Iterator[bytes]:
    for number, line in enumerate(lines, start=1):
        yield tombstone(line, entity, taken[number]) if number in taken else line
