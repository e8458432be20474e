"""Land polls of recently-played: one row an item, known by listener, played_at and track.

An item that an earlier poll showed is counted as known. An item without a usable `played_at` is rejected with its
reason. A poll's full tracks also answer `lookup.spotify_tracks`, so that they are never asked for; what is no music (an
episode comes as a track whose album is its show) does not.
Source: docs/contracts/spotify.md, section 1.
"""

from __future__ import annotations

import duckdb

from extract_load.core.clock import Clock
from extract_load.core.content import polled_content_kind_sql
from extract_load.core.instants import parse_instant_sql
from extract_load.landing.manifest import Landed, SpoolFile
from extract_load.landing.spool_reader import read_file

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
    end as reason,
    {polled_content_kind_sql("(payload -> '$.track')")} as content_kind
from incoming
"""

_REJECT = """
insert into ops.rejected_rows
select
    ?, row_number, reason, forgotten, case when forgotten is null then left(cast(payload as varchar), 2000) end, ?
from poll_items
where reason is not null
"""

_INSERT = """
insert into raw.spotify_recently_played
select listener_id, played_at, track_key, payload, ?, row_number, run_id, fetched_at, ?
from poll_items
where reason is null
qualify row_number() over (partition by listener_id, played_at, track_key order by row_number) = 1
on conflict do nothing
"""

_TRACKS = """
insert into lookup.spotify_tracks
select
    payload ->> '$.track.id', 'found', 0, null, max(fetched_at), 1, 'recently_played',
    last(payload -> '$.track' order by played_at), null
from poll_items
where reason is null and content_kind = 'music' and (payload ->> '$.track.id') is not null
group by all
on conflict (spotify_track_id) do update
set status = 'found', origin = 'recently_played', payload = excluded.payload, fetched_at = excluded.fetched_at,
    attempts = 0, next_attempt_at = null, message = null
where origin = 'album' or status <> 'found'
"""


def land_polls(connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> Landed:
    """Land one poll's file inside the caller's transaction."""
    counted = read_file(connection, file)
    connection.execute(_GRADE)
    connection.execute(_REJECT, [file.name, clock.now()])
    before = _count(connection)
    connection.execute(_INSERT, [file.name, clock.now()])
    landed = _count(connection) - before
    connection.execute(_TRACKS)
    usable, rejected, fetched_at, listener_id = connection.execute(
        "select count(*) filter (reason is null), count(*) filter (reason is not null), max(fetched_at),"
        " max(listener_id) from poll_items"
    ).fetchall()[0]
    return Landed(
        fetched_at=fetched_at,
        counted=counted,
        landed=landed,
        known=usable - landed,
        rejected=rejected,
        listener_id=listener_id,
    )


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    return int(connection.execute("select count(*) from raw.spotify_recently_played").fetchall()[0][0])
