"""Tests for extract_load/core/keys.py: what people write for a key."""

from __future__ import annotations

import duckdb
import pytest

from extract_load.core.keys import key_of_text

pytestmark = pytest.mark.fast


def test_a_number_is_the_key_itself() -> None:
    assert key_of_text("0") == 0
    assert key_of_text("1117984489315730401") == 1117984489315730401


def test_an_md5_is_the_number_of_its_first_fourteen_digits() -> None:
    """As dbt computes it, so that an old address or correction still means the same."""
    md5, key = duckdb.sql("select md5('x'), cast('0x' || left(md5('x'), 14) as bigint)").fetchall()[0]
    assert key_of_text(md5) == key


@pytest.mark.parametrize("text", ["", "unknown", "-1", "1.5", " 1", "9" * 19, "9" * 32 + "x", "G" * 32, "١"])
def test_anything_else_is_no_key(text: str) -> None:
    assert key_of_text(text) is None
