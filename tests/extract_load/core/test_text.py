"""Text: names are folded by one rule in Python, SQL and dbt, and lists are shortened."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import duckdb
import jinja2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from extract_load.core.errors import BadInput
from extract_load.core.text import exact_name, fold_name, fold_name_sql, fold_name_v1, join_first, printable

MACRO = Path(__file__).parents[3] / "dbt_project/macros/fold_name.sql"
SCRIPTS = (
    *((0x20, 0x24F), (0x250, 0x2FF), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x591, 0x5F4), (0x621, 0x669)),
    *((0x901, 0x965), (0xE01, 0xE4E), (0x1100, 0x11FF), (0x1E00, 0x1FFE), (0x2000, 0x206F), (0x20D0, 0x20F0)),
    *((0x3041, 0x30FF), (0x3099, 0x309A), (0x4E00, 0x4E40), (0xAC00, 0xAC40), (0xFB00, 0xFB4F), (0xFE00, 0xFE2F)),
    *((0xFF01, 0xFFDC), (0x1F3B5, 0x1F3C4)),
)

POINTS = [chr(point) for point in range(1, 0x110000) if not 0xD800 <= point < 0xE000]


def in_sql(names: list[str], rule: str | None = None) -> list[str]:
    """Return the names folded by DuckDB."""
    rows = duckdb.execute(f"select {rule or fold_name_sql('s')} from (select unnest(?::varchar[]) as s)", [names])
    return [row[0] for row in rows.fetchall()]


@st.composite
def names(draw: st.DrawFn) -> str:
    """Return a name of letters, marks and signs of several scripts."""
    blocks = draw(st.lists(st.sampled_from(SCRIPTS), min_size=1, max_size=3))
    letters = st.one_of(
        *(st.integers(first, last).map(chr).filter(lambda c: unicodedata.category(c) != "Cn") for first, last in blocks)
    )
    return "".join(draw(st.lists(letters, max_size=12)))


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("  Sigur Rós! ", "sigur ros"),
        ("AC/DC", "ac dc"),
        ("!!!", "!!!"),
        ("\t…And You\nWill", "and you will"),
        ("", ""),
        ("Beyonc\u00e9", "beyonce"),
        ("Beyonce\u0301", "beyonce"),
        ("Motörhead", "motorhead"),
        ("Charli xcx", "charli xcx"),
        ("İğrek", "igrek"),
        ("ISIS", "isis"),
        ("Œdipus ẞ", "œdipus ß"),
        ("ὈΔΥΣΣΕΎΣ", "οδυσσευσ"),
        ("バス", "バス"),
        ("ハ\u3099ス", "バス"),
        ("Мой", "мой"),
        ("Артём", "артём"),
        ("राम", "राम"),
        ("क्\u200dष", "क्ष"),
        ("I ❤\ufe0f U", "i u"),
    ],
)
def test_python_and_sql_fold_alike(name: str, folded: str) -> None:
    """Case, punctuation and the accents of Latin and Greek fall; a name of signs only is kept."""
    assert fold_name(name) == folded
    assert in_sql([name]) == [folded]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(
            ("バス", "ハス"),
            ("ガラ", "カラ"),
            ("ぱぱ", "はは"),
            ("राम", "रोम"),
            ("ดิ", "ดี"),
            ("Мой", "Мои"),
            ("Ёлка", "Елка"),
        ),
        *(("가", "각"), ("שָׁלוֹם", "שלום"), ("كَتَبَ", "كُتُب"), ("ক", "কা"), ("Їжак", "Іжак")),
    ],
)
def test_a_mark_of_other_scripts_makes_another_name(one: str, other: str) -> None:
    """The first version of the rule dropped them; it stays for the erasure rules that it made."""
    assert fold_name(one) != fold_name(other)
    assert len(set(in_sql([one, other]))) == 2
    assert fold_name_v1("バス") == fold_name_v1("ハス") == "ハス"


@example(drawn=["\ufe20\ufe00\u20e5"])
@given(st.lists(names(), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_every_script_folds_alike_and_once(drawn: list[str]) -> None:
    """Python and SQL agree, and folding twice is folding once."""
    folded = [fold_name(name) for name in drawn]
    assert in_sql(drawn) == folded
    assert in_sql(folded) == folded == [fold_name(name) for name in folded]


@given(names())
@settings(max_examples=60, deadline=None)
def test_composed_or_not_and_of_any_case_a_name_is_the_same(name: str) -> None:
    """Unicode writes one name in several ways."""
    assert fold_name(unicodedata.normalize("NFD", name)) == fold_name(unicodedata.normalize("NFC", name))
    assert exact_name(unicodedata.normalize("NFD", name)) == exact_name(unicodedata.normalize("NFC", name))


def test_every_code_point_folds_alike() -> None:
    """Also those that only one of Python and DuckDB knows: letters of later versions of Unicode stay, signs fall."""
    assert unlike("x", "", POINTS) == []
    assert fold_name("\U00031350 \U0001fae8") == "\U00031350"


@pytest.mark.long
@pytest.mark.parametrize(("before", "after"), [("", "\u0301 "), ("ハ", " "), ("", "\u3099 "), ("и", "\u0306 ")])
def test_every_code_point_folds_alike_beside_a_mark(before: str, after: str) -> None:
    """Of those that Python knows: it can't put a mark that it does not know in its order."""
    assert unlike(before, after, [point for point in POINTS if unicodedata.category(point) != "Cn"]) == []


def unlike(before: str, after: str, points: list[str]) -> list[str]:
    """Return the names, each of fifty code points, that Python and SQL fold differently."""
    names = ["".join(before + point + after for point in points[at : at + 50]) for at in range(0, len(points), 50)]
    return [name for name, folded in zip(names, in_sql(names), strict=True) if fold_name(name) != folded]


def test_null_stays_null() -> None:
    """A name that nobody knows is not an empty one."""
    assert duckdb.execute(f"select {fold_name_sql('null::varchar')}").fetchall() == [(None,)]


def test_dbt_has_the_same_rule() -> None:
    """The macro is the text of `fold_name_sql`, but for white space between its words."""
    module = jinja2.Environment(autoescape=False).from_string(MACRO.read_text(encoding="utf-8")).module
    macro = module.fold_name("s")  # type: ignore[attr-defined]
    assert _tokens(macro) == _tokens(fold_name_sql("s"))
    assert in_sql(["バス", "Beyoncé", "Мой"], macro) == ["バス", "beyonce", "мой"]


def _tokens(sql: str) -> str:
    """Return SQL without the white space outside of its literals."""
    return "".join(
        part if number % 2 else "".join(part.split()) for number, part in enumerate(sql.replace("e'", "'").split("'"))
    )


def test_an_exact_name_keeps_accents() -> None:
    """What is erased is the same to the letter, but for case, composition and spaces."""
    assert exact_name(" Mötley  CRÜE ") == exact_name("mo\u0308tley crüe")
    assert exact_name("Beyoncé") != exact_name("Beyonce")
    assert exact_name("AC/DC") != exact_name("AC DC")


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
