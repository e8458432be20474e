"""The published file: whole, readable from anywhere, replaced under the eyes of its readers."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from extract_load.publishing.publish import publish
from extract_load.storage.held_folder import held_folder
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse

READER = """
import sys, duckdb
rounds = 0
while not sys.stdin.isatty():
    with duckdb.connect(sys.argv[1], read_only=True) as connection:
        assert connection.execute("select sum(plays) from reporting.by_artist").fetchone()[0] == 3
    rounds += 1
    print(rounds, flush=True)
"""


def build(warehouse: Warehouse) -> None:
    """Make marts and reports as dbt leaves them: three-part names inside the views, comments on everything."""
    with warehouse.open("a build") as connection:
        connection.execute("create schema marts; create schema reporting; create schema seeds; create schema staging")
        connection.execute("create table seeds.families as select 'trip hop' as genre, 'electronic' as family")
        connection.execute("create table staging.internal as select 1 as x")
        connection.execute(
            "create table marts.fct_plays as select * from (values (1, 'Bjork'), (2, 'Air'), (3, 'Air')) t (id, artist)"
        )
        connection.execute("comment on table marts.fct_plays is 'One play; it''s counted once.'")
        connection.execute("comment on column marts.fct_plays.artist is 'Who played.'")
        connection.execute(
            "create view reporting.zz_base as select * exclude (id), 'music_tracker.marts.fct_plays' as said_by"
            " from music_tracker.marts.fct_plays"
        )
        connection.execute(
            'create view reporting.by_artist as with plays as (select * from "music_tracker"."reporting"."zz_base")'
            " select artist, count(*) as plays, list_transform([1], lambda x: x + 1) as l from plays group by all"
        )
        connection.execute("create view reporting.families as from music_tracker.seeds.families")
        connection.execute("comment on view reporting.by_artist is 'One artist.'")
        connection.execute("create table reporting.slow_report as select 42 as answer")
        connection.execute(
            "create macro reporting.by_artist(n := null, who := null) as table select artist as name,"
            " count(*) as plays, 'music_tracker.marts.x' as said from music_tracker.marts.fct_plays"
            " where who is null or artist = who group by all order by all limit n"
        )
        connection.execute("comment on macro table reporting.by_artist is 'It''s a macro.'")
        connection.execute("create macro reporting.left_over(n := null) as table select n from seeds.families")


def cli(folder: Path, *arguments: str) -> str:
    """Run the shipped DuckDB command line in a folder."""
    duckdb_cli = Path(sys.executable).with_name("duckdb")
    done = subprocess.run(
        [str(duckdb_cli), "-csv", *arguments], cwd=folder, text=True, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_file_stands_alone(warehouse: Warehouse, settings: Settings, state: State, tmp_path: Path) -> None:
    """It opens under any name, alias and working directory, after the warehouse is gone."""
    build(warehouse)
    result = publish(settings, warehouse, state)
    assert result.tables == {"marts.fct_plays": 3, "reporting.slow_report": 1, "seeds.families": 1}
    assert set(result.views) == {"reporting.families", "reporting.zz_base", "reporting.by_artist"}
    away = tmp_path / "else where"
    away.mkdir()
    shutil.move(result.path, away / "any'name.db")
    settings.warehouse_path.unlink()
    question = "select artist, plays from {}reporting.by_artist order by artist"
    answer = "artist,plays\nAir,2\nBjork,1\n"
    assert cli(away, "any'name.db", question.format("")) == answer
    assert cli(away, ":memory:", "attach 'any''name.db' as other (read_only); " + question.format("other.")) == answer
    assert cli(away, "any'name.db", "select distinct said_by from reporting.zz_base").endswith(
        "music_tracker.marts.fct_plays\n"
    )


def test_table_macros_come_along(warehouse: Warehouse, settings: Settings, state: State, tmp_path: Path) -> None:
    """A macro of a report's name answers in the file, with and without parameters; others stay behind."""
    build(warehouse)
    result = publish(settings, warehouse, state)
    assert result.macros == ("reporting.by_artist()",)
    shutil.move(result.path, tmp_path / "moved.db")
    settings.warehouse_path.unlink()
    assert cli(tmp_path, "moved.db", "select name, plays from reporting.by_artist(n := 1)") == "name,plays\nAir,2\n"
    assert cli(tmp_path, "moved.db", "select name from reporting.by_artist()") == "name\nAir\nBjork\n"
    attached = (
        "attach 'moved.db' as other (read_only); use other; select plays from reporting.by_artist(who := 'Bjork')"
    )
    assert cli(tmp_path, ":memory:", attached) == "plays\n1\n"
    said = "select distinct said from reporting.by_artist()"
    assert cli(tmp_path, "moved.db", said) == "said\nmusic_tracker.marts.x\n"
    comment = "select comment from duckdb_functions() where function_name = 'by_artist'"
    assert cli(tmp_path, "moved.db", comment) == 'comment\n"It\'s a macro."\n'


def test_words_and_licences_come_along(warehouse: Warehouse, settings: Settings, state: State) -> None:
    """Comments of tables, columns and views are kept; the sources are named with their licences."""
    build(warehouse)
    path = publish(settings, warehouse, state).path
    with duckdb.connect(str(path), read_only=True) as reader:
        said = dict(reader.execute("select table_name, comment from duckdb_tables()").fetchall())
        assert said["fct_plays"] == "One play; it's counted once."
        column = "select comment from duckdb_columns() where table_name = 'fct_plays' and column_name = 'artist'"
        assert reader.execute(column).fetchall() == [("Who played.",)]
        view = "select comment from duckdb_views() where view_name = 'by_artist'"
        assert reader.execute(view).fetchall() == [("One artist.",)]
        licences = {row[0] for row in reader.execute("select licence from about.attribution").fetchall()}
        assert {"CC0 1.0", "CC BY-NC-SA 3.0", "CC BY 4.0", "ODbL 1.0"} <= licences
        assert all(said[name] for name in ("attribution", "publication"))


def test_the_demo_says_so_on_every_table(warehouse: Warehouse, settings: Settings, state: State) -> None:
    """Nobody takes invented plays for their own."""
    build(warehouse)
    demo = settings.model_copy(update={"music_tracker_demo": True})
    path = publish(demo, warehouse, state).path
    with duckdb.connect(str(path), read_only=True) as reader:
        said = reader.execute(
            "select comment from duckdb_tables() union all select comment from duckdb_views() where not internal"
        ).fetchall()
    assert said
    assert all(str(comment).startswith("DEMO") for (comment,) in said)


def test_a_failed_blocking_test_keeps_the_last_file(warehouse: Warehouse, settings: Settings, state: State) -> None:
    """Readers go on with what was right, and the state says why it is old."""
    build(warehouse)
    first = publish(settings, warehouse, state)
    before = first.path.stat()
    result = publish(settings, warehouse, state, blocking_failures=["unique_fct_plays_play_key"])
    assert "unique_fct_plays_play_key" in result.skipped_reason
    assert first.path.stat() == before
    assert state.get("publish", "kept")["why"] == result.skipped_reason
    publish(settings, warehouse, state)
    assert state.get("publish", "kept") is None


def test_a_draft_that_fails_leaves_nothing_behind(warehouse: Warehouse, settings: Settings, state: State) -> None:
    """A view that reads what is gone stops the publishing with a sentence, and the old file stays."""
    build(warehouse)
    first = publish(settings, warehouse, state)
    with warehouse.open("a slip") as connection:
        connection.execute("drop table marts.fct_plays")
    with pytest.raises(ConfigurationError, match=r"reporting.zz_base reads marts.fct_plays"):
        publish(settings, warehouse, state)
    assert list(first.path.parent.iterdir()) == [first.path]


def test_a_view_that_cannot_be_made_again_is_told_by_its_reason(
    warehouse: Warehouse, settings: Settings, state: State
) -> None:
    """A cross join before a left join can't be written down by DuckDB: its own words arrive, not what came of them."""
    build(warehouse)
    with warehouse.open("a build") as connection:
        connection.execute(
            "create view reporting.odd as select x.artist from marts.fct_plays as x cross join range(2) as h (n)"
            " left join marts.fct_plays as y on x.id = y.id"
        )
    with pytest.raises(duckdb.Error, match="correlated"):
        publish(settings, warehouse, state)
    assert not list(settings.published_path.parent.glob("*"))


def test_nothing_built_is_told(warehouse: Warehouse, settings: Settings, state: State) -> None:
    """An empty warehouse is not published as an empty file."""
    with pytest.raises(ConfigurationError, match="no marts"):
        publish(settings, warehouse, state)
    assert not settings.published_path.exists()


def test_a_reader_never_fails_while_the_file_is_replaced(
    warehouse: Warehouse, settings: Settings, state: State
) -> None:
    """Another process opens the file again and again during twenty replacements."""
    build(warehouse)
    path = publish(settings, warehouse, state).path
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    rounds: list[int] = []
    assert reader.stdout.readline()
    watching = threading.Thread(target=lambda: rounds.extend(int(line) for line in reader.stdout or ()))
    watching.start()
    for _ in range(20):
        publish(settings, warehouse, state)
        assert reader.poll() is None, reader.stderr.read() if reader.stderr else ""
    reader.kill()
    reader.wait()
    watching.join()
    assert len(rounds) > 20


def test_what_is_published_is_private_unless_the_owner_shares_it(
    warehouse: Warehouse, settings: Settings, state: State
) -> None:
    """Shared, others pass through the data directory to the file, and see nothing else; and back again."""
    build(warehouse)
    settings.data_dir.chmod(0o700)
    shared = settings.model_copy(update={"published_readable": True})

    def modes(path: Path) -> list[int]:
        return [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent, settings.data_dir)]

    assert modes(publish(settings, warehouse, state).path) == [0o600, 0o700, 0o700]
    assert modes(publish(shared, warehouse, state).path) == [0o644, 0o755, 0o711]
    assert modes(publish(settings, warehouse, state).path)[:2] == [0o600, 0o700]


def test_a_draft_of_a_killed_process_is_removed(warehouse: Warehouse, settings: Settings, state: State) -> None:
    """Also that of an earlier version; one that another process is writing stays."""
    build(warehouse)
    folder = settings.published_path.parent
    folder.mkdir()
    (folder / f".music_tracker.{os.getpid()}.draft").touch()
    (folder / f".music_tracker.{os.getpid()}.draft.wal").touch()
    (folder / ".draft-dead").mkdir()
    (folder / ".draft-dead" / ".held").touch()
    with held_folder(folder, ".draft-") as living:
        path = publish(settings, warehouse, state).path
        assert sorted(folder.iterdir()) == sorted([path, living])
