"""The oracle can fail: a bug put into the compiled SQL is caught by the histories that the rules pass."""

from __future__ import annotations

import pytest

from tests.dbt.bare_duckdb import BareWarehouse, CompiledProject, Model
from tests.dbt.oracle import LAST_MODELS, violations
from tests.dbt.strategies import random_stories

NEAREST_ONLY = """
with ranked as (
    select
        poll_row_id,
        export_row_id,
        row_number() over (partition by poll_row_id order by abs(delta_seconds), export_row_id) as for_poll,
        row_number() over (partition by export_row_id order by abs(delta_seconds), poll_row_id) as for_export
    from {edges}
    where poll_track_key = export_track_key
)
select poll_row_id, export_row_id from ranked where for_poll = 1 and for_export = 1
"""


def _no_window(model: Model) -> str:
    """Poll items are matched however far the export's row is."""
    return _replaced(model, "int_plays__poll_edges", "abs(delta_ms) <= window_ms", "true")


def _distinct(model: Model) -> str:
    """Equal rows of one export are one, also where each is a play."""
    distinct = "select distinct on (listener_id, reported_end_at, ms_played, track_key) * from final"
    return _replaced(model, "int_plays__export_rows", "select * from final", distinct)


def _nearest_only(model: Model) -> str:
    """A poll item is matched only with the row that is nearest to it, and it to that row."""
    if model.name != "int_plays__pairs_by_track":
        return model.sql
    return NEAREST_ONLY.format(edges=model.relation.replace("pairs_by_track", "poll_edges"))


@pytest.mark.parametrize(
    ("bug", "complaint"),
    [(_no_window, "apart"), (_distinct, "with a fate"), (_nearest_only, "pairs")],
    ids=["dropped window", "distinct", "nearest only"],
)
def test_a_seeded_bug_is_caught(compiled: CompiledProject, bug: object, complaint: str) -> None:
    """The same histories pass without the bug and fail with it, for the reason that one expects."""
    stories = random_stories(seed=2)
    assert violations(BareWarehouse(compiled, LAST_MODELS), stories) == []
    found = violations(BareWarehouse(compiled, LAST_MODELS, mutate=bug), stories)
    assert any(complaint in sentence for sentence in found), found


def _replaced(model: Model, name: str, old: str, new: str) -> str:
    """Change one place in one model; the place must be there, else the test would test nothing."""
    if model.name != name:
        return model.sql
    assert model.sql.count(old) == 1, f"{name} has changed: {old!r} is there {model.sql.count(old)} times"
    return model.sql.replace(old, new)
