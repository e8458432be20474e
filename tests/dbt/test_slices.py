"""Plays that are built in slices of months come out as those of one pass, row for row."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.dbt.dbt_process import Dbt

LEADING_TO_FACTS = ("path:models/staging", "path:models/intermediate", "tag:by_month")
FACTS = ("fct_plays", "fct_source_rows", "fct_sessions")
WAITS = "run dbt build again"


@pytest.mark.long
def test_slices_of_months_equal_one_pass(built: Dbt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From nothing, in slices of a third of the rows: the first one leaves months waiting, the last one none."""
    sliced = Dbt(tmp_path / "sliced", parsed_by=built)
    sliced.folder.mkdir()
    sliced.warehouse.write_bytes(built.warehouse.read_bytes())
    with duckdb.connect(str(built.dev), read_only=True) as connection:
        [(rows,)] = connection.execute("select count(*) from marts.fct_source_rows").fetchall()
    monkeypatch.setenv("MUSIC_TRACKER_SLICE_ROWS", str(rows // 3))
    waited = []
    while not waited or waited[-1]:
        done = sliced.run("run", "--select", *LEADING_TO_FACTS)
        assert done.returncode == 0, done.stdout
        waited.append(WAITS in done.stdout)
        assert len(waited) < 9
    assert waited[0], "one pass was enough"
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{sliced.dev}' as sliced (read_only); attach '{built.dev}' as built (read_only)")
        assert connection.execute("select count(*) from sliced.built.later").fetchall() == [(0,)]
        [(everything,)] = connection.execute("select bool_or(listener_id = '*') from sliced.built.months").fetchall()
        assert everything, "what was made in slices is everything"
        for fact in FACTS:
            one, other = f"from sliced.marts.{fact}", f"from built.marts.{fact}"
            for these, those in ((one, other), (other, one)):
                assert connection.execute(f"{these} except all ({those})").fetchall() == []
