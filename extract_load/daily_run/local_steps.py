"""The steps of a daily run that ask no service and need no dbt: load the spool, reconcile, publish."""

from __future__ import annotations

from collections.abc import Sequence

from extract_load.context import Context
from extract_load.core.errors import BadInput
from extract_load.core.flows import DAILY_ETL
from extract_load.core.results import TaskResult
from extract_load.core.text import join_first
from extract_load.landing.reconciliation import validate
from extract_load.publishing.publish import publish

LOAD, RECONCILE, PUBLISH = "load the spool", "reconcile", "publish"
NOT_TESTED = "the build was not tested"


def load_spool(context: Context) -> TaskResult:
    """Land every file of the spool and the cache that is not in the warehouse yet. Errors: WarehouseBusy."""
    landed = context.landing.land(purpose=f"{DAILY_ETL}: landing")
    counts = {
        "files": landed.files,
        "rows_landed": sum(landed.landed.values()),
        "rows_rejected": sum(landed.rejected.values()),
        "files_unreadable": len(landed.unreadable),
    }
    if landed.unreadable:
        named = join_first(landed.unreadable)
        return TaskResult("partial", counts, message=f"Not loaded, and left where they are: {named}")
    return TaskResult("success" if landed.files else "no_updates", counts)


def reconcile(context: Context) -> TaskResult:
    """Check that every row of every file is accounted for. Errors: BadInput when rows went missing; WarehouseBusy."""
    found = validate(context.warehouse)
    if found.unbalanced:
        raise BadInput(
            f"Rows went missing while landing: {join_first(found.unbalanced)}.",
            hint="Run `music-tracker rebuild`: the files are safe.",
        )
    counts = {"poll_items": found.poll_items, "export_rows": found.export_rows}
    return TaskResult("success", {**counts, "rows_rejected": sum(found.rejected.values())})


def publish_marts(context: Context, blocking_failures: Sequence[str], listeners: Sequence[str] = ()) -> TaskResult:
    """Publish the marts to the file that readers open, unless a blocking test failed. Errors: as of `publish`."""
    done = publish(
        context.settings,
        context.warehouse,
        context.state,
        blocking_failures=blocking_failures,
        listeners=listeners,
    )
    if done.skipped_reason:
        return TaskResult("failed", message=done.skipped_reason)
    counts = {"tables": len(done.tables), "views": len(done.views), "rows": sum(done.tables.values())}
    return TaskResult("success", counts)


def publish_last_build(context: Context) -> TaskResult:
    """Publish what was built last, if its tests were run and no blocking one failed. Errors: as of `publish`."""
    build = context.state.get("dbt", "last_build") or {}
    untested = [NOT_TESTED] if not build or context.state.get("dbt", "untested") else []
    return publish_marts(context, [*untested, *map(str, build.get("failed", []))])
