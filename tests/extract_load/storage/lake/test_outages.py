"""A lost race and a server that is away may end well next time; a wrong statement does not."""

from __future__ import annotations

import duckdb
import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.storage.lake.outages import is_passing, outages_as_unavailable


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (duckdb.TransactionException("TransactionContext Error: Failed to commit"), True),
        (duckdb.IOException("connection to server failed: password=hidden"), True),
        (duckdb.Error("Failed to commit DuckLake transaction."), True),
        (duckdb.BinderException("Binder Error: no such column"), False),
        (duckdb.ConstraintException("Constraint Error: duplicate key"), False),
    ],
)
def test_what_passes_is_an_outage_without_its_words(error: duckdb.Error, passes: bool) -> None:
    """The words of DuckDB hold the address of the catalogue."""
    assert is_passing(error) is passes
    with pytest.raises(ServiceUnavailable if passes else duckdb.Error) as caught, outages_as_unavailable():
        raise error
    assert passes is ("hidden" not in str(caught.value) and isinstance(caught.value, ServiceUnavailable))
