"""Reconciliation: the control total of each file (rows by another reader) against its landed and rejected rows."""

from __future__ import annotations

from dataclasses import dataclass, field

from extract_load.storage.ports import Warehouse


@dataclass(frozen=True, slots=True)
class Validation:
    """What is in raw, and what does not add up: `unbalanced` names files whose rows went missing."""

    poll_items: int = 0
    export_rows: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    unbalanced: tuple[str, ...] = ()


def validate(warehouse: Warehouse) -> Validation:
    """Check the manifest against the tables. Reads only. Errors: WarehouseBusy."""
    with warehouse.open("validation") as connection:
        polls, exported = connection.execute(
            "select (select count(*) from raw.spotify_recently_played),"
            " (select count(*) from raw.spotify_streaming_history)"
        ).fetchall()[0]
        reasons = connection.execute("select reason, count(*) from ops.rejected_rows group by all order by 2 desc")
        rejected = {str(reason): int(count) for reason, count in reasons.fetchall()}
        unbalanced = connection.execute(
            "select source_file from ops.landed_files"
            " where rows_counted <> rows_landed + rows_known + rows_rejected order by source_file"
        ).fetchall()
    return Validation(int(polls), int(exported), rejected, tuple(str(row[0]) for row in unbalanced))
