"""Land polls of recently-played: one row an item, known by listener, played_at and track.

Many polls land by the same statements as one: planning these costs more than running them.

An item that an earlier poll showed is counted as known. An item without a usable `played_at` is rejected with its
reason. A poll's full tracks also answer `lookup.spotify_tracks`, so that they are never asked for; what is no music (an
episode comes as a track whose album is its show) does not.
Source: docs/contracts/spotify.md, section 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import duckdb

from extract_load.core.clock import Clock
from extract_load.core.content import polled_content_kind_sql
from extract_load.core.instants import FIRST_POSSIBLE, LAST_POSSIBLE, parse_instant_sql
from extract_load.landing.manifest import Landed, SpoolFile
from extract_load.landing.spool_reader import read_files

_GRADE = f"""
create or replace temp table poll_items as
select
    *,
    {parse_instant_sql("(payload ->> '$.played_at')")} as played_at,
    coalesce(
        payload ->> '$.track.uri',
        'names:' || nullif(
            concat_ws(' / ', payload ->> '$.track.artists[0].name', payload ->> '$.track.name'), ''
        ),
        'unknown'
    ) as track_key,
    case
        when forgotten is not null then 'forgotten'
        when json_type(payload) is distinct from 'OBJECT' then 'not an object'
        when (payload ->> '$.played_at') is null then 'played_at is missing'
        when played_at is null then 'played_at is not a time'
        when not played_at between timestamp '{FIRST_POSSIBLE}' and timestamp '{LAST_POSSIBLE}'
            then 'played_at is before Spotify or far in the future'
    end as reason,
    {polled_content_kind_sql("(payload -> '$.track')")} as content_kind
from incoming
"""

_REJECT = """
insert into ops.rejected_rows
select
    source_file, row_number, reason, forgotten,
    case when forgotten is null then left(cast(payload as varchar), 2000) end,
    ?
from poll_items
where reason is not null
"""

_NEW = """
select
    listener_id, played_at, track_key, payload, source_file, row_number, run_id, fetched_at,
    cast($now as timestamp) as landed_at
from poll_items
where reason is null
qualify row_number() over (partition by listener_id, played_at, track_key order by file_number, row_number) = 1
"""

_IS_KNOWN = (
    "known.listener_id = new.listener_id and known.played_at = new.played_at and known.track_key = new.track_key"
)

_INSERT = f"""
merge into raw.spotify_recently_played as known
using ({_NEW}) as new
on {_IS_KNOWN}
when not matched then insert
returning source_file
"""

# Where many append at once no key decides. What an earlier poll has already is left out to save room; of the others the
# one of the earliest poll counts, whenever it landed (storage/lake/replica.py).
_APPEND = (
    f"create or replace temp table new_items as {_NEW}",
    f"""
    delete from new_items as new using raw.spotify_recently_played as known
    where
        {_IS_KNOWN}
        and (known.fetched_at, known.source_file) < (new.fetched_at, new.source_file)
        and known.played_at >= (select min(played_at) from new_items)
    """,
    "insert into raw.spotify_recently_played from new_items",
)

_TRACKS = """
merge into lookup.spotify_tracks as known
using (
    with tracks as (
        select
            file_number, payload ->> '$.track.id' as spotify_track_id, fetched_at, played_at,
            payload -> '$.track' as track
        from poll_items
        where reason is null and content_kind = 'music' and spotify_track_id is not null
        qualify rank() over (partition by spotify_track_id order by file_number) = 1
    )
    select spotify_track_id, max(fetched_at) as fetched_at, last(track order by played_at) as payload
    from tracks
    group by all
) as new
on known.spotify_track_id = new.spotify_track_id
when matched and (known.origin = 'album' or known.status <> 'found') then update set
    status = 'found', origin = 'recently_played', payload = new.payload, fetched_at = new.fetched_at, attempts = 0,
    next_attempt_at = null, message = null
when not matched then insert
    (spotify_track_id, status, attempts, next_attempt_at, fetched_at, version, origin, payload, message)
    values (new.spotify_track_id, 'found', 0, null, new.fetched_at, 1, 'recently_played', new.payload, null)
"""

_APPENDED = f"""
create or replace temp table poll_items as
select
    dense_rank() over (order by fetched_at, source_file) as file_number, payload, fetched_at, played_at,
    cast(null as varchar) as reason, {polled_content_kind_sql("(payload -> '$.track')")} as content_kind
from raw.spotify_recently_played
where landed_at >= ?
"""

_COUNT = """
select
    file_number, count(*) filter (reason is null), count(*) filter (reason is not null), max(fetched_at),
    max(listener_id)
from poll_items
group by file_number
order by file_number
"""


def land_polls(connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> Landed:
    """Land one poll's file inside the caller's transaction."""
    return land_many_polls(connection, [file], clock)[0]


def land_many_polls(connection: duckdb.DuckDBPyConnection, files: Sequence[SpoolFile], clock: Clock) -> list[Landed]:
    """Land the files of some polls, the oldest first, inside the caller's transaction."""
    counted = _grade(connection, files, clock)
    landed = Counter(name for (name,) in connection.execute(_INSERT, {"now": clock.now()}).fetchall())
    connection.execute(_TRACKS)
    return _results(connection, files, counted, landed)


def append_polls(connection: duckdb.DuckDBPyConnection, files: Sequence[SpoolFile], clock: Clock) -> list[Landed]:
    """Append the files of some polls to a lake, inside the caller's transaction; `add_polled_tracks` does the rest."""
    counted = _grade(connection, files, clock)
    for statement in _APPEND:
        connection.execute(statement, {"now": clock.now()} if "$now" in statement else {})
    found = connection.execute("select source_file, count(*) from new_items group by all").fetchall()
    return _results(connection, files, counted, Counter(dict(found)))


def add_polled_tracks(connection: duckdb.DuckDBPyConnection, since: datetime) -> None:
    """Let the full tracks of rows that were appended since a moment (UTC) answer `lookup.spotify_tracks`."""
    connection.execute(_APPENDED, [since])
    connection.execute(_TRACKS)


def _grade(connection: duckdb.DuckDBPyConnection, files: Sequence[SpoolFile], clock: Clock) -> list[int]:
    """Make the temporary table `poll_items`, record what is rejected, and return the number of lines of each file."""
    counted = read_files(connection, files)
    connection.execute(_GRADE)
    connection.execute(_REJECT, [clock.now()])
    return counted


def _results(
    connection: duckdb.DuckDBPyConnection, files: Sequence[SpoolFile], counted: Sequence[int], landed: Counter[str]
) -> list[Landed]:
    return [
        Landed(
            fetched_at=fetched_at,
            counted=counted[number - 1],
            landed=landed[files[number - 1].name],
            known=usable - landed[files[number - 1].name],
            rejected=rejected,
            listener_id=listener_id,
        )
        for number, usable, rejected, fetched_at, listener_id in connection.execute(_COUNT).fetchall()
    ]
