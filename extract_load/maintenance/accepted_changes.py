"""Which changes of a spool file a backup follows.

A file of the backup may be gone or different in the data directory for three reasons: it is now a member of a day
archive (compaction), lines of it were replaced by tombstones (erasure), or its listener was removed. Anything else is
damage or loss in the data directory, and the backup keeps its own copy: a backup never follows a loss.
"""

from __future__ import annotations

from extract_load.core.errors import BadInput
from extract_load.erasure.line_subjects import tombstone_of
from extract_load.erasure.removed_listeners import is_removed
from extract_load.erasure.rules import load_rules
from extract_load.storage.spool import SpoolStore


def is_accepted_change(backup: SpoolStore, store: SpoolStore, name: str) -> bool:
    """Return whether all that a backup's file (by manifest path) holds is still in the data directory.

    `name` is a single file or a day archive.
    """
    try:
        for before in backup.files_in(backup.path_of(name)):
            after = store.find(before.manifest_path)
            if after is None:
                if not is_removed(backup, before, load_rules(store.roots[0])):
                    return False
                continue
            if not _is_same_but_tombstones(backup.read_content(before), store.read_content(after)):
                return False
    except (BadInput, OSError):
        return False
    return True


def _is_same_but_tombstones(before: bytes, after: bytes) -> bool:
    if before == after:
        return True
    old_lines, new_lines = before.splitlines(), after.splitlines()
    if len(old_lines) != len(new_lines):
        return False
    pairs = zip(old_lines, new_lines, strict=True)
    return all(old == new or tombstone_of(new) is not None for old, new in pairs)
