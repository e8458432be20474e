"""The records and files that years of polls and daily runs leave behind, written at once.

In: an empty data directory and a number of days that end now. Out: state, warehouse, spool and published file as the
real runs would have left them: the weekly upkeep keeps requests and tasks for two years, and archives past days.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb
import orjson

from extract_load.core.settings import Settings
from extract_load.landing.state_copy import copy_state
from extract_load.maintenance.upkeep import KEEP_RECORDS
from extract_load.monitoring.run_log import RunLog, copy_runs
from extract_load.storage.day_files import archive_of, write_archive
from extract_load.storage.gzip_files import pack
from extract_load.storage.state import State, to_iso
from extract_load.storage.warehouse import Warehouse

POLLS_A_DAY = 48
FILES_A_DAY = 20
"""Polls of a day that brought something; an answer that is equal to the last one is not spooled."""
PLAYS_A_DAY = 40
REQUESTS_A_DAY = 400
TASKS_A_DAY = 57
SINGLE_DAYS = 9
"""Days that the weekly upkeep has not archived yet, at most."""

_MOMENTS = "select epoch_ms(epoch_ms(?::timestamp) + (i * ?)::bigint) as moment, i from range(?) as numbers(i)"


def simulate(settings: Settings, state: State, now: datetime, days: int) -> None:
    """Fill an empty data directory with the records and files of some days that end at `now` (naive UTC)."""
    start = now - timedelta(days=days)
    RunLog(state)
    _fill_state(state, start, now)
    sizes = _write_spool(settings, start, days)
    with Warehouse(settings).open("simulation") as connection:
        _fill_raw(connection, start, days)
        _fill_manifest(connection, start, days, sizes)
        for table in ("polls", "runs", "task_runs", "requests"):
            _copy_at_once(connection, state, table)
        copy_state(connection, state)
        copy_runs(connection, state)
    _publish(settings, state, start, days, now)


def _fill_state(state: State, start: datetime, now: datetime) -> None:
    """Write polls and runs of all days, requests and tasks of the last two years."""
    recent = max(start, now - KEEP_RECORDS)
    with state.transaction() as db:
        db.executemany(
            "insert into polls values (?, 'me', ?, ?, 'overlap', 50, 1, 49, ?, ?, null, null, '1 new, 49 known.')",
            ((f"{n:032x}", f"ingest-{n:08x}", at, at, at) for n, at in _moments(start, now, POLLS_A_DAY)),
        )
        db.executemany(
            "insert into runs values (?, 'spotify-ingestion', 'spotify-ingestion 2026-01-01 00:00', 'production', ?, ?,"
            " 'success', 'poll recently played: 1 new plays, 49 known. 1 requests', 'host', 1, 1)",
            ((f"ingest-{n:08x}", at, at) for n, at in _moments(start, now, POLLS_A_DAY)),
        )
        db.executemany(
            "insert into requests (run_id, service, bucket, method, endpoint, requested_at, status, outcome,"
            " duration_ms, waited_ms) values (?, 'spotify', 'tracks', 'GET', '/v1/tracks/{id}', ?, 200, 'ok', 80, 20)",
            ((f"daily-{n:08x}", at) for n, at in _moments(recent, now, REQUESTS_A_DAY)),
        )
        db.executemany(
            "insert into task_runs values (?, 'poll recently played', 1, ?, 0.5, 'success', ?, 1, 0, '1 new plays.')",
            ((f"ingest-{n:08x}", at, '{"new_plays": 1}') for n, at in _moments(recent, now, TASKS_A_DAY)),
        )


def _moments(start: datetime, now: datetime, a_day: int) -> list[tuple[int, str | None]]:
    step, count = timedelta(days=1) / a_day, int((now - start) / timedelta(days=1)) * a_day
    return [(number, to_iso(start + number * step)) for number in range(count)]


def _copy_at_once(connection: duckdb.DuckDBPyConnection, state: State, table: str) -> None:
    """Copy a table of the state into `ops` through a file of JSON lines: years of rows at a time."""
    columns = [row[0] for row in connection.execute(f"describe ops.{table}").fetchall()]
    path = state.path.with_name("rows.ndjson")
    with path.open("wb") as out:
        for row in state.rows(f"select {', '.join(columns)} from {table} order by rowid"):
            out.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    if path.stat().st_size:
        types = ", ".join(f"{name}: 'varchar'" for name in columns)
        connection.execute(f"insert into ops.{table} from read_json(?, columns = {{{types}}})", [str(path)])
    path.unlink()


def _item(number: int, played_at: str) -> dict[str, Any]:
    """Return an item of a poll in its real shape and size."""
    artist = {"id": f"{number % 800:022d}", "name": f"Artist number {number % 800}", "type": "artist"}
    images = [
        {"height": size, "url": f"https://i.scdn.co/image/{number:040d}", "width": size} for size in (640, 300, 64)
    ]
    album = {"id": f"{number % 3000:022d}", "name": f"Album {number % 3000}", "artists": [artist], "images": images}
    track = {
        **{
            "id": f"{number % 8000:022d}",
            "uri": f"spotify:track:{number % 8000:022d}",
            "name": f"Song {number % 8000}",
        },
        **{"duration_ms": 180_000, "artists": [artist], "album": album, "type": "track"},
    }
    return {"track": track, "played_at": played_at, "context": {"type": "album", "uri": f"spotify:album:{number:022d}"}}


def _fill_raw(connection: duckdb.DuckDBPyConnection, start: datetime, days: int) -> None:
    """Write the plays, each with a payload of real size."""
    payload = orjson.dumps(_item(1, "2026-01-01T00:00:00.000Z")).decode()
    connection.execute(
        "insert into raw.spotify_recently_played select 'me', moment,"
        " 'spotify:track:' || lpad((i % 8000)::varchar, 22, '0'), replace(?, 'Song 1', 'Song ' || i)::json,"
        " 'src/spotify/recently_played/dt=' || strftime(moment, '%Y-%m-%d') || '/x', i % 50 + 1, 'ingest-1', moment,"
        f" moment from ({_MOMENTS}) order by i",
        [payload, start, 86_400_000 / PLAYS_A_DAY, days * PLAYS_A_DAY],
    )


def _file_names(start: datetime, day: int) -> list[str]:
    first = datetime(start.year, start.month, start.day) + timedelta(days=day)
    moments = [first + number * timedelta(days=1) / FILES_A_DAY for number in range(FILES_A_DAY)]
    return [f"dt={at:%Y-%m-%d}/{at:%Y%m%dT%H%M%S%f}_ingest-1_{day:04x}.ndjson.gz" for at in moments]


def _write_spool(settings: Settings, start: datetime, days: int) -> dict[str, tuple[int, int]]:
    """Write the files of the last days and the archives of those before; return size and members of each archive."""
    root = settings.spool_dir / "spotify" / "recently_played"
    envelope = {
        **{"source": "spotify", "entity": "recently_played", "listener_id": "me", "run_id": "ingest-1"},
        **{"fetched_at": "2026-01-01T00:00:00.000", "request": {"endpoint": "recently-played", "limit": 50}},
    }
    lines = [
        orjson.dumps({**envelope, "payload": _item(n, "2026-01-01T00:00:00.000Z")}, option=orjson.OPT_APPEND_NEWLINE)
        for n in range(50)
    ]
    packed = pack(b"".join(lines))
    sizes = {}
    for day in range(days):
        folder = root / _file_names(start, day)[0].partition("/")[0]
        files = [name.partition("/")[2] for name in _file_names(start, day)]
        if day < days - SINGLE_DAYS:
            write_archive(archive_of(folder), [(file, packed) for file in files])
            sizes[folder.name] = (archive_of(folder).stat().st_size, len(files))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            for file in files:
                (folder / file).write_bytes(packed)
    return sizes


def _fill_manifest(
    connection: duckdb.DuckDBPyConnection, start: datetime, days: int, sizes: dict[str, tuple[int, int]]
) -> None:
    """Write the manifest's line of each file, and of each archive."""
    prefix = "src/spotify/recently_played/"
    names = [[prefix + name] for day in range(days) for name in _file_names(start, day)]
    connection.execute(
        "insert into ops.landed_files select unnest(?), 'spotify', 'recently_played', 'me', null, null, null,"
        " timestamp '2026-01-01', 50, 2, 48, 0, timestamp '2026-01-01'",
        [[name for (name,) in names]],
    )
    rows = [[f"{prefix}{folder}.ndjson.gz", size, count] for folder, (size, count) in sizes.items()]
    if rows:
        connection.execute(
            "insert into ops.compacted_files select unnest(?), unnest(?), unnest(?), timestamp '2026-01-01'",
            [[row[position] for row in rows] for position in range(3)],
        )


def _publish(settings: Settings, state: State, start: datetime, days: int, now: datetime) -> None:
    """Write a published file with the plays, as far as the health reads it."""
    path = settings.published_path
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as out:
        out.execute("create schema marts")
        out.execute(
            f"create table marts.fct_plays as select md5(i::varchar) as play_key, moment as ended_at from ({_MOMENTS})",
            [start, 86_400_000 / PLAYS_A_DAY, days * PLAYS_A_DAY],
        )
        out.execute(
            "create table marts.fct_listening_gaps (gap_from timestamp, gap_until timestamp, is_closed boolean)"
        )
    state.put("publish", "last", {"at": to_iso(now)}, now)
