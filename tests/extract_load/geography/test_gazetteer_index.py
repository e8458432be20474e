"""The gazetteer's file appears whole, once, and makes room for a newer one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.geography import gazetteer_index
from extract_load.geography.gazetteer_index import attach, ensure_index, index_path


@pytest.mark.fast
def test_a_file_that_is_there_is_used_as_it_is(gazetteer_dir: Path) -> None:
    path = index_path(gazetteer_dir)
    before = path.stat().st_mtime_ns
    assert ensure_index(gazetteer_dir) == path
    assert path.stat().st_mtime_ns == before
    assert [entry.name for entry in gazetteer_dir.glob("gazetteer-*")] == [path.name]  # others spill beside it


@pytest.mark.fast
def test_it_is_named_after_the_versions_of_its_sources(gazetteer_dir: Path) -> None:
    assert "geonamescache3.0.2-localis2.1.0" in index_path(gazetteer_dir).name


@pytest.mark.fast
def test_a_cache_that_is_no_folder_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(ConfigurationError, match="CACHE_DIR"):
        ensure_index(tmp_path / "cache")


@pytest.mark.fast
def test_another_version_of_the_sql_has_another_file(
    gazetteer_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed rule for folding names must not be applied to keys that an older rule made."""
    before = index_path(gazetteer_dir)
    sql = (gazetteer_index.SQL_DIR / "build.sql").read_text(encoding="utf-8")
    (tmp_path / "build.sql").write_text(sql.replace("'œ', 'oe'", "'œ', 'o'"), encoding="utf-8")
    monkeypatch.setattr(gazetteer_index, "SQL_DIR", tmp_path)
    assert index_path(gazetteer_dir) != before


@pytest.mark.fast
def test_several_readers_may_have_it_open(gazetteer_dir: Path) -> None:
    with duckdb.connect() as one, duckdb.connect() as other:
        for connection in (one, other):
            attach(connection, ensure_index(gazetteer_dir))
            assert connection.execute("select count(*) > 200000 from gazetteer.places").fetchall() == [(True,)]


@pytest.mark.long
def test_building_and_matching_take_seconds_and_little_memory(tmp_path: Path) -> None:
    """Build the file, then find as many areas as 10,000 artists have, in a process of its own."""
    script = (
        "import sys, time, re, pathlib\n"
        "from extract_load.geography import locate_areas\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "rows = [('Springfield', 'City', 'US', state) for state in ('Ohio', 'Oregon', 'Illinois')] * 700\n"
        "locate_areas(rows[:1], cache_dir=folder)\n"
        "started = time.monotonic()\n"
        "locate_areas(rows, cache_dir=folder)\n"
        "peak = re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1]\n"
        "print(time.monotonic() - started, int(peak) / 1024)\n"  # ru_maxrss would count the parent's before the exec
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    seconds, megabytes = map(float, done.stdout.split())
    assert seconds < 20
    assert megabytes < 500
