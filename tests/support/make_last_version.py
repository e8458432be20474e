"""Make tests/reliability/last_version: a data directory and a backup of it, by the code of an earlier version.

How it was made: in a checkout of commit e63f781 (version 0.1.0), with that version's own environment,
`PYTHONPATH=. .venv/bin/python make_last_version.py OUT`. The services are that version's sandbox, so plays, names and
tokens are all invented. What is binary is written as SQL; only the state of the backup is kept byte for byte (packed),
because the manifest names its SHA-256.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

import duckdb

TABLES = """
select schema_name, table_name, sql from duckdb_tables()
where database_name = 'old' and schema_name in ('raw', 'ops', 'lookup') order by all
"""


def make(out: Path) -> None:
    """Run a lifecycle with the old code, from polls to a backup, and write what came of it below `out`."""
    from tests.keeping.killing import stage  # type: ignore[import-not-found]

    from extract_load.runs import RunLog, RunRecord  # type: ignore[import-not-found]
    from extract_load.state import State  # type: ignore[import-not-found]

    with tempfile.TemporaryDirectory() as name, stage(Path(name), artists=6, plays=60) as world:
        life = world.life(Path(name) / "data")
        for step in ("poll", "import", "spotify", "musicbrainz", "marts", "forget"):
            life.run(step)
        world.later(life, 24)
        life.run("poll")
        state = State(life.settings.state_path)
        log = RunLog(state)
        log.start(RunRecord("run-1", "spotify-ingestion", "by hand", "development", life.now))
        log.end("run-1", "success", "All is well.", life.now)
        state.close()
        life.run("marts")
        life.run("backup")
        shutil.copytree(life.folder / "backup", out / "backup")
        _pack(out / "backup" / "state.sqlite")
        token = life.settings.token_path.read_text(encoding="utf-8")
        (out / "spotify_token.json").write_text(f"{token.rstrip()}\n", encoding="utf-8")
        with sqlite3.connect(life.settings.state_path) as db:
            (out / "state.sql").write_text("\n".join(db.iterdump()) + "\n", encoding="utf-8")
        (out / "warehouse.sql.gz").write_bytes(
            gzip.compress(_warehouse_sql(life.settings.warehouse_path).encode(), mtime=0)
        )
        counts = {name: len(rows) for name, rows in life.facts().items()}
        (out / "facts.json").write_text(json.dumps(counts, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _pack(path: Path) -> None:
    path.with_suffix(".sqlite.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    path.unlink()


def _warehouse_sql(path: Path) -> str:
    """Return the tables of landing as SQL that makes them again."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as old (read_only)")
        lines = [f"create schema if not exists {schema};" for schema in ("raw", "ops", "lookup")]
        for schema, table, sql in connection.execute(TABLES).fetchall():
            lines.append(sql.replace("CREATE TABLE old.", "CREATE TABLE "))
            rows = connection.execute(f"select * from old.{schema}.{table} order by all").fetchall()
            lines += [f"insert into {schema}.{table} values ({', '.join(map(_literal, row))});" for row in rows]
    return "\n".join(lines) + "\n"


def _literal(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, (bool, int, float)):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


if __name__ == "__main__":
    make(Path(sys.argv[1]))
