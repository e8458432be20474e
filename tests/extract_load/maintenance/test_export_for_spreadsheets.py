"""Parquet and CSV: every play once, and no cell of the CSV that a spreadsheet takes for a formula."""

from __future__ import annotations

import csv

import duckdb
import pytest

from extract_load.core.settings import Settings
from extract_load.maintenance.export import export
from tests.support.published_plays import Play, publish_by_hand

pytestmark = pytest.mark.fast

FORMULAS = ["=1+1", "+49", "-1", "@sum", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x","y")', "=cmd|' /C calc'!A0"]
HARMLESS = ["Song", "1-2", "a=b", "'quoted'", 'say "x"', "a,b;c", "two\nlines", "☃", "e=mc²", " =1", "１＋１"]


def cells(settings: Settings, names: list[str]) -> list[str]:
    publish_by_hand(settings, [Play(name, "Singer") for name in names])
    (written,) = export(settings, settings.data_dir / "out", ["csv"])
    with written.path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert written.rows == len(rows) == len(names)
    return [row["track_name"] for row in sorted(rows, key=lambda row: int(row["play_key"]))]


def test_no_cell_of_the_csv_is_a_formula(settings: Settings) -> None:
    """A text that begins like one gets a ' in front; all others, and U+0000 apart all signs, stay."""
    names = [*FORMULAS, *HARMLESS, "\x00=1", "So\x00ng"]
    assert cells(settings, names) == [*(f"'{name}" for name in FORMULAS), *HARMLESS, "'=1", "Song"]


def test_parquet_holds_the_names_as_they_are(settings: Settings) -> None:
    publish_by_hand(settings, [Play(name, "Singer") for name in FORMULAS])
    (written,) = export(settings, settings.data_dir / "out", ["parquet"])
    rows = duckdb.sql(f"select track_name from '{written.path}' order by play_key").fetchall()
    assert [name for (name,) in rows] == FORMULAS


def test_numbers_stay_numbers(settings: Settings) -> None:
    publish_by_hand(settings, [Play("Song", "Singer", duration_ms=-5)])
    (written,) = export(settings, settings.data_dir / "out", ["csv"])
    assert duckdb.sql(f"select duration_ms, ms_played from '{written.path}'").fetchall() == [(-5, 61000)]


def test_plays_keep_what_listens_leave_out(settings: Settings) -> None:
    """Parquet and CSV hold every play, also of unknown tracks; private sessions and a rule narrow them."""
    plays = [Play(None, None), Play("Secret", "Singer", is_incognito=True), Play("Skipped", "Singer", is_play=False)]
    publish_by_hand(settings, plays)

    def rows(**more: object) -> list[int]:
        return [one.rows for one in export(settings, settings.data_dir / "out", ["parquet", "csv"], **more)]  # type: ignore[arg-type]

    assert rows() == [3, 3]
    assert rows(with_private=False) == [2, 2]
    assert rows(rule="spotify30") == [2, 2]
    assert rows(rule="spotify30", with_private=False) == [1, 1]
