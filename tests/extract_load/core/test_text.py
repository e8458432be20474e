"""Text: names are folded by one rule in Python and SQL, and lists are shortened."""

from __future__ import annotations

import duckdb
import pytest

from extract_load.core.errors import BadInput
from extract_load.core.text import fold_name, fold_name_sql, join_first, printable


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


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("Sigur Rós – Ágætis byrjun 日本 🎵", "Sigur Rós – Ágætis byrjun 日本 🎵"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a new title\x07title", "title"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x9b31mred", " 31mred"),
        ("one\r\nERROR two\ttabs", "one ERROR two tabs"),
        ("bell\x07 null\x00 delete\x7f", "bell  null  delete "),
        ("a\u202egnp.exe", "a gnp.exe"),
        ("a\u2028b\u2066c", "a b c"),
        ("caf\udce9.json", "caf\ufffd.json"),
        ("", ""),
    ],
)
def test_a_foreign_text_gives_no_orders_to_a_terminal(foreign: str, shown: str) -> None:
    """Letters of all scripts stay; escape sequences, line feeds and marks of direction go."""
    assert printable(foreign) == shown
    assert printable(shown) == shown


def test_a_page_in_place_of_a_reason_is_cut() -> None:
    """Its beginning is enough to know it by."""
    assert printable("<html>" + "x" * 1000, 10) == "<html>xxxx ..."
    assert printable("x" * 10, 10) == "x" * 10


def test_an_error_is_printable() -> None:
    """Message and hint may repeat what a service or a file said."""
    error = BadInput("a\x1b[31m.json\nis damaged.", hint="Look\x00 at it.")
    assert str(error) == "a.json is damaged. Look  at it."
