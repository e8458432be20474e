"""The file that readers open: marts and reports, whole, tested, with no reference to any other file.

In: the warehouse after a dbt build. Out: `data/published/music_tracker.duckdb`, put in place by one rename. Tables of
the published schemas are copied, views and table macros are made again with two-part names, so the file works under any
name, alias and working directory. A reader never sees a half-written file, and a build whose blocking tests failed
never gets here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.settings import Settings
from extract_load.core.text import join_first
from extract_load.publishing.draft import DRAFT_PREFIX, check_draft, put_in_place, set_access, write_draft
from extract_load.publishing.family_file import publish_family
from extract_load.publishing.last_build import read_last_build
from extract_load.publishing.listener_files import publish_listeners
from extract_load.storage.held_folder import held_folder, remove_abandoned
from extract_load.storage.ports import State, Warehouse
from extract_load.storage.state import to_iso

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What was published: the file, rows by table (`schema.table`), the views and the table macros.

    `skipped_reason` says why an older file stays.
    """

    path: Path
    published_at: datetime | None = None
    tables: dict[str, int] = field(default_factory=dict)
    views: tuple[str, ...] = ()
    macros: tuple[str, ...] = ()
    size_bytes: int = 0
    skipped_reason: str = ""


def publish(
    settings: Settings,
    warehouse: Warehouse,
    state: State,
    *,
    blocking_failures: Sequence[str] = (),
    listeners: Sequence[str] = (),
    clock: Clock | None = None,
) -> PublishResult:
    """Write a new published file and put it in place, or keep the last one when a blocking test failed.

    Of several listeners, those named in `listeners` get their file, the others keep their last one; none means all.

    The state remembers what happened as the facts `last` and `kept` of `publish`. In the demo every table's comment
    begins with DEMO. Errors: WarehouseBusy; ConfigurationError when there is nothing to publish.
    """
    clock = clock or SystemClock()
    target = settings.published_path
    if blocking_failures:
        reason = f"The last published file stays, because these did not pass: {join_first(blocking_failures)}."
        state.put("publish", "kept", {"at": to_iso(clock.now()), "why": reason}, clock.now())
        return PublishResult(target, skipped_reason=reason)
    remove_abandoned(target.parent, DRAFT_PREFIX)
    with held_folder(target.parent, DRAFT_PREFIX) as folder:
        draft = folder / target.name
        with warehouse.open("publishing") as connection:
            _remove_old_drafts(target)
            tables, views, macros = write_draft(connection, draft, label_of(settings), clock.now())
            last_build = read_last_build(connection)
        check_draft(draft, settings, macros)
        set_access(draft, target.parent, settings)
        put_in_place(draft, target)
    publish_listeners(settings, label_of(settings), clock.now(), listeners)
    publish_family(settings, label_of(settings), clock.now())
    now = clock.now()
    names = tuple(str(macro) for macro in macros)
    result = PublishResult(target, now, tables, tuple(views), names, target.stat().st_size)
    state.put("publish", "kept", None, now)
    state.put("dbt", "built", last_build, now)
    state.put(
        "publish",
        "last",
        {"at": to_iso(now), "tables": len(tables), "views": len(views), "rows": sum(tables.values())},
        now,
    )
    return result


def label_of(settings: Settings) -> str:
    """Return what is put before every table's comment: DEMO in the demo, else nothing."""
    return "DEMO" if settings.music_tracker_demo else ""


def _remove_old_drafts(target: Path) -> None:
    """Remove the drafts that killed processes of an earlier version left; call it with the warehouse's lock."""
    for left in target.parent.glob(f".{target.stem}.*.draft*"):
        left.unlink(missing_ok=True)
