"""Reconciliation: what raw holds, what was rejected and why, and files whose rows went missing."""

from __future__ import annotations

from extract_load.context import Context
from extract_load.landing.reconciliation import Validation, validate
from tests.support.landing import item, spool_poll


def test_an_empty_warehouse_adds_up(context: Context) -> None:
    """There is nothing to miss."""
    assert validate(context.warehouse) == Validation()


def test_rejects_are_counted_by_reason_the_most_frequent_first(context: Context) -> None:
    """A file with rejects adds up all the same."""
    spool_poll(context, [item(), 7, 8, {"track": {}}])
    context.landing.land()
    found = validate(context.warehouse)
    assert (found.poll_items, found.export_rows, found.unbalanced) == (1, 0, ())
    assert list(found.rejected.items()) == [("not an object", 2), ("played_at is missing", 1)]


def test_a_file_whose_rows_went_missing_is_named(context: Context) -> None:
    """Its control total is higher than what became of its rows."""
    path = spool_poll(context, [item(), item("2026-11-23T11:05:00.000Z")])
    context.landing.land()
    with context.warehouse.open("test") as connection:
        connection.execute("update ops.landed_files set rows_landed = 1")
    assert [name.rsplit("/", 1)[1] for name in validate(context.warehouse).unbalanced] == [path.name]
