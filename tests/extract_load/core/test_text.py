"""Text: names are folded by one rule in Python and SQL, and lists are shortened."""

from __future__ import annotations

import duckdb
import pytest

from extract_load.core.text import fold_name, fold_name_sql, join_first


@pytest.mark.parametrize(
    ("name", "folded"),
    [("  Sigur Rós! ", "sigur ros"), ("AC/DC", "ac dc"), ("!!!", "!!!"), ("Beyoncé", "beyonce"), ("", "")],
)
def test_python_and_sql_fold_alike(name: str, folded: str) -> None:
    """Case, accents and punctuation fall; a name of signs only is kept."""
    assert fold_name(name) == folded
    assert duckdb.execute(f"select {fold_name_sql('$name')}", {"name": name}).fetchall() == [(folded,)]


def test_a_long_list_is_shortened() -> None:
    """The number of the rest is named."""
    assert join_first(["a", "b"]) == "a, b"
    assert join_first(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
