"""Take what is to be forgotten out of every file of the spool and the cache."""

from __future__ import annotations

import time

from extract_load.core.failpoints import kill_point
from extract_load.core.settings import Settings
from extract_load.erasure import rules as forgetting
from extract_load.storage.day_files import day_files
from extract_load.storage.spool import PARTIAL

_SURELY_DEAD_SECONDS = 24 * 3600


def scrub_everything(settings: Settings, rules: forgetting.Rules) -> int:
    """Replace every line that the rules reach by a stub, and say how many that were. Safe to call again after a kill.

    What killed writers left half-written goes, too: it may hold what is to be forgotten.
    """
    if not rules:
        return 0
    count = 0
    for root in (settings.spool_dir, settings.answers_dir):
        for left in root.rglob(f"*{PARTIAL}"):
            if time.time() - left.stat().st_mtime > _SURELY_DEAD_SECONDS:
                left.unlink(missing_ok=True)
        for path, entity in forgetting.spool_files_of(root):
            count += forgetting.scrub(path, entity, rules)
            kill_point("forget.while_scrubbing")
        for path in day_files(root):
            count += forgetting.scrub_day(path, path.parent.name, rules)
            kill_point("forget.while_scrubbing")
    return count
