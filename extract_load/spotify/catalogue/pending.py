"""What the Spotify catalogue is still to be asked, in the order of the listening time that an answer would explain.

All SQL, over raw and lookup. A found row is asked for again when it is due, but never before an id that is new.
Source: docs/architecture.md, section 2; docs/contracts/spotify.md, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import duckdb

from extract_load.core.content import content_kind_of_file_sql, polled_content_kind_sql
from extract_load.core.instants import parse_instant_sql
from extract_load.core.text import fold_name_sql
from extract_load.storage.transaction import transaction

Kind = Literal["track", "album", "artist"]

# A poll's play that lies in an export of the same listener is counted there. What is no music is asked for nowhere.
_REFRESH = f"""
insert into lookup.track_listening
with exported as (
    select
        listener_id,
        export_id,
        split_part(payload ->> '$.spotify_track_uri', ':', 3) as spotify_track_id,
        cast(coalesce(try_cast(payload ->> '$.ms_played' as bigint), 0) as bigint) as ms_played,
        coalesce(payload ->> '$.master_metadata_album_artist_name', '') as artist_name,
        coalesce(payload ->> '$.master_metadata_album_album_name', '') as album_name,
        {parse_instant_sql("(payload ->> '$.ts')")} as ended_at
    from raw.spotify_streaming_history
    where payload ->> '$.spotify_track_uri' like 'spotify:track:%'
        and source_file not in (
            select source_file from ops.landed_files where {content_kind_of_file_sql("original_name")} = 'video'
        )
),
spans as (
    select listener_id, export_id, min(ended_at) as first_at, max(ended_at) as last_at
    from exported
    group by all
),
polled as (
    select
        payload ->> '$.track.id' as spotify_track_id,
        least(greatest(coalesce(try_cast(payload ->> '$.track.duration_ms' as bigint), 0), 0), 86400000) as ms_played,
        coalesce(payload ->> '$.track.artists[0].name', '') as artist_name,
        coalesce(payload ->> '$.track.album.name', '') as album_name
    from raw.spotify_recently_played as items
    where (payload ->> '$.track.id') is not null
        and {polled_content_kind_sql("(payload -> '$.track')")} = 'music'
        and not exists (
            select 1 from spans
            where spans.listener_id = items.listener_id and items.played_at between spans.first_at and spans.last_at
        )
),
played as (
    select spotify_track_id, ms_played, artist_name, album_name from exported
    union all by name
    from polled
)
select
    spotify_track_id,
    sum(ms_played),
    count(*),
    min({fold_name_sql("artist_name")} || ' / ' || {fold_name_sql("album_name")})
from played
where length(spotify_track_id) = 22
group by spotify_track_id
"""

# One track of each album: its answer names the album, whose answer brings the other tracks. With $more, albums are read
# at the same time: those that a read track names, and that were not read yet, answer for their other tracks first.
_TRACKS = """
with answered_soon as (
    select distinct listening.album_group
    from lookup.spotify_tracks as known
    inner join lookup.track_listening as listening using (spotify_track_id)
    left join lookup.spotify_albums as albums on albums.spotify_album_id = (known.payload ->> '$.album.id')
    where $more and known.payload is not null and length(known.payload ->> '$.album.id') = 22
        and albums.spotify_album_id is null
),
waiting as (
    select
        listening.spotify_track_id as id,
        listening.ms_played,
        listening.album_group,
        known.spotify_track_id is null as is_new,
        sum(listening.ms_played) over (partition by listening.album_group) as group_ms
    from lookup.track_listening as listening
    left join lookup.spotify_tracks as known using (spotify_track_id)
    where (known.spotify_track_id is null or (known.status <> 'found' and known.next_attempt_at <= $now))
        and listening.album_group not in (select album_group from answered_soon)
    qualify row_number() over (
        partition by listening.album_group order by is_new desc, listening.ms_played desc, id
    ) = 1
)
select id, group_ms from waiting order by is_new desc, group_ms desc, id limit $most
"""

# Facts grow old after SPOTIFY_REFRESH_DAYS; what Spotify did not have or failed to answer is asked for ever later.
_DUE = """if(
    known.status = 'found' and known.attempts = 0,
    known.fetched_at + to_days($refresh_days) <= $now,
    known.next_attempt_at <= $now
)"""

_HEARD = """
heard as (
    select known.payload, listening.ms_played, listening.album_group
    from lookup.spotify_tracks as known
    inner join lookup.track_listening as listening using (spotify_track_id)
    where known.payload is not null
),
"""

_ALBUMS = f"""
with {_HEARD}
silent as (
    select listening.album_group, sum(listening.ms_played) as ms_played
    from lookup.track_listening as listening
    left join lookup.spotify_tracks as known using (spotify_track_id)
    where known.spotify_track_id is null
    group by all
),
albums as (
    select
        heard.payload ->> '$.album.id' as id,
        sum(heard.ms_played) as ms_played,
        coalesce(max(silent.ms_played), 0) as would_answer_ms
    from heard
    left join silent using (album_group)
    group by all
)
select albums.id, albums.would_answer_ms
from albums
left join lookup.spotify_albums as known on known.spotify_album_id = albums.id
where length(albums.id) = 22 and (known.spotify_album_id is null or {_DUE})
    and (albums.would_answer_ms > 0 or not $more)
order by known.spotify_album_id is null desc, albums.would_answer_ms desc, albums.ms_played desc, albums.id
limit $most
"""

_ARTISTS = f"""
with {_HEARD}
credited as (
    select unnest(from_json(payload -> '$.artists', '[{{"id": "VARCHAR"}}]')).id as id, ms_played from heard
),
artists as (
    select id, sum(ms_played) as ms_played from credited group by all
)
select artists.id, artists.ms_played
from artists
left join lookup.spotify_artists as known on known.spotify_artist_id = artists.id
where length(artists.id) = 22 and (known.spotify_artist_id is null or {_DUE})
order by known.spotify_artist_id is null desc, artists.ms_played desc, artists.id
limit $most
"""

_SQL: dict[Kind, str] = {"track": _TRACKS, "album": _ALBUMS, "artist": _ARTISTS}

_AFTER_TRACKS: tuple[Kind, Kind] = ("album", "artist")

_SHARE = """
select
    coalesce(sum(listening.ms_played) filter (known.status in ('found', 'gone')), 0)
    / nullif(sum(listening.ms_played), 0)
from lookup.track_listening as listening
left join lookup.spotify_tracks as known using (spotify_track_id)
"""

_BACKLOG = "select count(*) from lookup.track_listening anti join lookup.spotify_tracks using (spotify_track_id)"


@dataclass(frozen=True, slots=True)
class Pending:
    """One id to ask for; `weight` is the listening time (ms) that its answer would explain."""

    id: str
    weight: int


def refresh_listening(connection: duckdb.DuckDBPyConnection) -> None:
    """Count again how much each track was listened to; once a run."""
    with transaction(connection):
        connection.execute("delete from lookup.track_listening")
        connection.execute(_REFRESH)


def pending(
    connection: duckdb.DuckDBPyConnection,
    kind: Kind,
    most: int,
    now: datetime,
    refresh_days: int = 90,
    *,
    more: bool = False,
) -> list[Pending]:
    """Return the next ids of a kind, most worthwhile first; `now` is UTC. Found ones are due after `refresh_days`.

    With `more`, tracks and albums are read side by side: of tracks those are left out that an album is about to answer
    for, of albums those that answer for no track.
    """
    values = {"most": most, "now": now}
    values |= {} if kind == "track" else {"refresh_days": refresh_days}
    values |= {} if kind == "artist" else {"more": more}
    found = connection.execute(_SQL[kind], values).fetchall()
    return [Pending(str(id_), int(weight or 0)) for id_, weight in found]


def share_enriched(connection: duckdb.DuckDBPyConnection) -> float:
    """Return the share (0 to 1) of listening time whose track Spotify has told about; 1 when nothing was played."""
    share = connection.execute(_SHARE).fetchall()[0][0]
    return 1.0 if share is None else float(share)


def backlog(connection: duckdb.DuckDBPyConnection, now: datetime) -> dict[str, int]:
    """Count what waits, by kind, for `status`."""
    tracks = int(connection.execute(_BACKLOG).fetchall()[0][0])
    albums, artists = (len(pending(connection, kind, 1_000_000, now)) for kind in _AFTER_TRACKS)
    return {"tracks": tracks, "albums": albums, "artists": artists}
