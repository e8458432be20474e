"""Erase: replace the lines that the rules reach by tombstones, in every file of the spool and the cache."""

from __future__ import annotations

import time
from pathlib import Path

from extract_load.core.failpoints import failpoint
from extract_load.erasure.line_subjects import tombstone
from extract_load.erasure.removed_listeners import KIND, erase_unheard, remove_listener_files
from extract_load.erasure.rules import Rules, is_rule_file
from extract_load.storage.gzip_files import PARTIAL
from extract_load.storage.spool import SpoolStore

_SURELY_DEAD_SECONDS = 24 * 3600


def erase_everywhere(store: SpoolStore, rules: Rules) -> int:
    """Replace every line that the rules reach by a tombstone, and return how many. Idempotent.

    Half-written files of killed processes are deleted as well: they may hold what is to be erased.
    Errors: BadInput naming a damaged file.
    """
    if not rules:
        return 0
    for root in store.roots:
        for partial in root.rglob(f"*{PARTIAL}"):
            if time.time() - partial.stat().st_mtime > _SURELY_DEAD_SECONDS:
                partial.unlink(missing_ok=True)
    count = _remove_listeners(store, rules)
    for path in store.paths():
        count += erase_in_file(store, path, rules)
        failpoint("forget.while_scrubbing")
    return count


def _remove_listeners(store: SpoolStore, rules: Rules) -> int:
    """Delete the files of removed listeners, and what was only ever asked for them."""
    removals = [rule.forget_id for rule in rules.rules if rule.kind == KIND]
    if not removals:
        return 0
    return remove_listener_files(store, rules) + erase_unheard(store, removals[-1])


def erase_in_file(store: SpoolStore, path: Path, rules: Rules) -> int:
    """Replace the lines that the rules reach in one file on disk, atomically, and return how many.

    The files of the rules themselves are never touched. Errors: BadInput when the file is damaged.
    """
    if not rules or is_rule_file(store.manifest_path(path)):
        return 0
    return store.rewrite_lines(path, rules.erased_lines, tombstone)
