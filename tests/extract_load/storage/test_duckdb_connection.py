"""DuckDB connections and paths in SQL: one maker, one configuration, and a path that means one file."""

from __future__ import annotations

import gzip
import re
import shutil
from pathlib import Path

import duckdb
import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.musicbrainz.manual_matches import apply_manual_matches
from extract_load.publishing.publish import publish
from extract_load.storage.duckdb_connection import attach, connect, file_literal, open_duckdb, open_read_only
from extract_load.storage.warehouse import Warehouse
from tests.support.data_directories import (
    START,
    open_data_directory,
    published_plays,
    settings_in,
    small_transform,
)

ROOT = Path(__file__).parents[3]
# What a listener may call a folder, and a neighbour that the name would match as a pattern.
ODD_FOLDERS = {
    "home[1]": "home1",
    "[a-z]lpha": "alpha",
    "home[!x]": "home1",
    "a*b": "a-b",
    "**": "any",
    "it's {a,b} #50%": "its a #50%",
    "back\\slash": "backslash",
    "[": "x",
    "]x[": "y",
    "Plays äöü 日本 ~": "Plays",
}
# How a file function of DuckDB is written in this project: with `file_literal`, or placeholders that are filled by it.
_FILE_FUNCTION = re.compile(r"(?<![.\w])(read_(?:json|text|csv|parquet|blob|ndjson)\w*|parquet_scan|sniff_csv|glob)\(")
_LITERAL = re.compile(r"\{(file_literal\(|literal\})|\s*\[\{literals\}\]")


def project_files() -> dict[str, str]:
    """Return the text of the Python files that run, by their path in the project."""
    folders = ("extract_load", "prefect", "dbt_project/plugins")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def unguarded_reads(source: str) -> list[str]:
    """Return the file functions of DuckDB in a source that are given something else than a literal path."""
    reads = [found for found in _FILE_FUNCTION.finditer(source) if not source[: found.start()].endswith("def ")]
    wrong = [found[1] for found in reads if not _LITERAL.match(source, found.end())]
    fills = re.findall(r"\bliteral=(\w+)", source)
    fills += re.findall(r'\bliterals = (?:", "\.join\()?(\w+)', source)
    return wrong + [fill for fill in fills if fill != "file_literal"]


def test_every_path_that_duckdb_reads_is_a_literal() -> None:
    """No SQL of the project reads a file by a pattern by accident."""
    wrong = {name: found for name, source in project_files().items() if (found := unguarded_reads(source))}
    assert wrong == {}


@pytest.mark.parametrize(
    "source",
    [
        "\"from read_json('{path}')\"",
        '"from read_csv(?)", [str(path)]',
        'f"from read_ndjson_objects({quoted(path)})"',
        '"from read_text({literal})".format(literal=path)',
        "\"select * from glob('x')\"",
        'f"from read_ndjson_objects([{paths}])"',
        'literals = ", ".join(quoted(path) for path in paths)',
    ],
)
def test_a_read_without_the_function_is_found(source: str) -> None:
    """Whichever way the path is put into the text."""
    assert len(unguarded_reads(source)) == 1


def test_one_module_makes_connections() -> None:
    """So that each of them has a memory limit, a folder to spill to, and installs nothing."""
    makers = [name for name, source in project_files().items() if re.search(r"\bduckdb\.connect\(", source)]
    assert makers == ["extract_load/storage/duckdb_connection.py"]


def test_a_connection_has_its_limits(tmp_path: Path) -> None:
    """Memory, threads, UTC, no extension from the network; where nothing may be written, it does not spill."""
    names = ("memory_limit", "threads", "TimeZone", "autoinstall_known_extensions", "temp_directory")
    wanted = ", ".join(f"current_setting('{name}')" for name in names)
    with open_duckdb(tmp_path, memory_limit="100MB", threads=1) as connection:
        *limits, spill = connection.execute(f"select {wanted}").fetchall()[0]
        assert limits == ["95.3 MiB", 1, "UTC", False]
        assert Path(spill).is_relative_to(tmp_path)
    (tmp_path / "file").touch()
    with open_duckdb(tmp_path / "file" / "below", memory_limit="100MB") as connection:
        assert connection.execute("select current_setting('temp_directory')").fetchall() == [("",)]


def test_what_does_not_fit_is_spilled_and_removed(tmp_path: Path) -> None:
    """A table larger than the memory goes to the folder, and nothing of it stays there."""
    folder = tmp_path / "a*b [1]"
    with open_duckdb(folder, memory_limit="30MB", threads=1) as connection:
        connection.execute("create table large as select md5(i::varchar) as a, i from range(1000000) as r(i)")
        assert [path for path in folder.rglob("*") if path.stat().st_size > 1_000_000]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("folder", "neighbour"), ODD_FOLDERS.items())
def test_a_literal_is_one_file(folder: str, neighbour: str, tmp_path: Path) -> None:
    """The neighbour's file, which the name would match as a pattern, is not read."""
    for number, place in enumerate((folder, neighbour)):
        (tmp_path / place).mkdir()
        for name in ("plays[1].ndjson.gz", "plays1.ndjson.gz"):
            with gzip.open(tmp_path / place / name, "wt") as out:
                out.write(f'{{"place": {number}, "name": "{name}"}}\n')
    with connect(None, memory_limit="100MB", threads=1) as connection:
        for name in ("plays[1].ndjson.gz", "plays1.ndjson.gz"):
            sql = f"select place, name from read_json({file_literal(tmp_path / folder / name)})"
            if "\\" in folder and "[" in name:
                continue  # such a name is not made by anything here, and DuckDB has no way to write it as a pattern
            assert connection.execute(sql).fetchall() == [(0, name)]


@pytest.mark.parametrize(("folder", "neighbour"), list(ODD_FOLDERS.items())[:6:2])
def test_plays_land_and_are_published_in_an_odd_folder(folder: str, neighbour: str, tmp_path: Path) -> None:
    """From poll to published file, beside a neighbour that has the same file names and other plays."""
    with open_data_directory(tmp_path / folder) as home:
        path = home.poll(0, 5)
        home.answer("artist", 1, START)
        other = tmp_path / neighbour / path.relative_to(tmp_path / folder)
        other.parent.mkdir(parents=True)
        lines = gzip.decompress(path.read_bytes()).replace(b"Song", b"Somebody else's song")
        other.write_bytes(gzip.compress(lines))
        report = home.landing.land()
        assert (report.files, report.unreadable) == (2, [])
        small_transform(home.settings)
        publish(home.settings, home.warehouse, home.state)
        shutil.rmtree(tmp_path / neighbour)
        assert sorted(row[4] for row in published_plays(home.settings)) == [f"Song {n}" for n in range(5)]
        seed = home.settings.data_dir / "artist_matches_manual.csv"
        seed.write_text("artist_name,spotify_artist_id,mbid,note\n", encoding="utf-8")
        with home.warehouse.open("test") as connection:
            assert apply_manual_matches(connection, seed, START) == 0
    with open_read_only(home.settings.published_path) as reader:
        assert reader.execute("select count(*) from marts.fct_plays").fetchall() == [(5,)]


@pytest.mark.parametrize("place", ["what?/data.duckdb", "what?.duckdb", "a?b/c/data.duckdb"])
def test_a_question_mark_is_refused_in_a_sentence(place: str, tmp_path: Path) -> None:
    """DuckDB would write its log into another folder, or nowhere; reading is allowed."""
    settings = settings_in(tmp_path, duckdb_path=tmp_path / place)
    with pytest.raises(ConfigurationError, match=r"has a \? in it\. Rename"), Warehouse(settings).open("test"):
        pass
    with open_read_only(_small_database(tmp_path / "read?" / "it.duckdb")) as reader:
        assert reader.execute("select a from t").fetchall() == [(1,)]


def _small_database(path: Path) -> Path:
    path.parent.mkdir()
    with connect(None, memory_limit="100MB", threads=1) as connection:
        attach(connection, path.parent.with_name("made.duckdb"), "made")
        connection.execute("create table made.t as select 1 as a")
    return path.parent.with_name("made.duckdb").rename(path)


def test_a_spool_may_lie_below_a_question_mark(tmp_path: Path) -> None:
    """Only files are read there; the neighbour is left alone."""
    settings = settings_in(tmp_path, data_base_path=tmp_path / "wh?t" / "src")
    (tmp_path / "what" / "src").mkdir(parents=True)
    (tmp_path / "what" / "src" / "rows.csv").write_text("n\n1\n")
    settings.spool_dir.mkdir(parents=True)
    (settings.spool_dir / "rows.csv").write_text("n\n2\n")
    with connect(None, memory_limit="100MB", threads=1) as connection:
        sql = f"from read_csv({file_literal(settings.spool_dir / 'rows.csv')})"
        assert connection.execute(sql).fetchall() == [(2,)]


def test_a_file_of_this_name_that_is_missing_is_an_error(tmp_path: Path) -> None:
    """Never the rows of a neighbour."""
    (tmp_path / "home1").mkdir()
    (tmp_path / "home1" / "rows.csv").write_text("n\n1\n")
    (tmp_path / "home[1]").mkdir()
    with connect(None, memory_limit="100MB", threads=1) as connection, pytest.raises(duckdb.IOException):
        connection.execute(f"from read_csv({file_literal(tmp_path / 'home[1]' / 'rows.csv')})")


def test_a_database_is_attached_by_its_name(tmp_path: Path) -> None:
    """Quotes and signs of patterns in its path mean themselves."""
    path = tmp_path / "it's [1]*.duckdb"
    with connect(None, memory_limit="100MB", threads=1) as connection:
        attach(connection, path, "made", "storage_version 'v1.2.0'")
        connection.execute("create table made.t as select 1 as a")
    assert path.exists()
    with open_read_only(path) as reader:
        assert reader.execute("select a from t").fetchall() == [(1,)]
