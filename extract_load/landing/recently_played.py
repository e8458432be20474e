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

_INSERT = """
insert into raw.spotify_recently_played
select listener_id, played_at, track_key, payload, source_file, row_number, run_id, fetched_at, ?
from poll_items
where reason is null
qualify row_number() over (partition by listener_id, played_at, track_key order by file_number, row_number) = 1
on conflict do nothing
returning source_file
"""

_TRACKS = """
insert into lookup.spotify_tracks
with tracks as (
    select
        file_number, payload ->> '$.track.id' as spotify_track_id, fetched_at, played_at, payload -> '$.track' as track
    from poll_items
    where reason is null and content_kind = 'music' and spotify_track_id is not null
    qualify rank() over (partition by spotify_track_id order by file_number) = 1
)
select
    spotify_track_id, 'found', 0, null, max(fetched_at), 1, 'recently_played', last(track order by played_at), null
from tracks
group by all
on conflict (spotify_track_id) do update
set status = 'found', origin = 'recently_played', payload = excluded.payload, fetched_at = excluded.fetched_at,
    attempts = 0, next_attempt_at = null, message = null
where origin = 'album' or status <> 'found'
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
    counted = read_files(connection, files)
    connection.execute(_GRADE)
    connection.execute(_REJECT, [clock.now()])
    landed = Counter(name for (name,) in connection.execute(_INSERT, [clock.now()]).fetchall())
    connection.execute(_TRACKS)
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
