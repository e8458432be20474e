"""Which steps of the schema a database has, and which are pending."""

from __future__ import annotations

import duckdb
import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.storage.schema_steps import applied_versions, pending_steps, record_steps, schema_steps
from tests.support.clock import ManualClock


def test_what_is_recorded_is_not_pending() -> None:
    """A new database has none; one that has the first two lacks the others, in their order; a newer one is refused."""
    steps = list(schema_steps())
    assert [step.version for step in steps] == list(range(1, len(steps) + 1))
    with duckdb.connect(":memory:") as connection:
        assert (applied_versions(connection), pending_steps(connection, "file")) == (set(), steps)
        for step in steps[:2]:
            connection.execute(step.sql)
        record_steps(connection, steps[:2], ManualClock())
        assert (applied_versions(connection), pending_steps(connection, "file")) == ({1, 2}, steps[2:])
        connection.execute("insert into ops.schema_versions values (9999, 'of tomorrow', now())")
        with pytest.raises(ConfigurationError, match="The file has schema version 9999"):
            pending_steps(connection, "file")
