"""Who is who: every way in which an artist is known -> one `artist_key`, and how much each was listened to.

Keys follow from what is known: md5('spotify:' || id), or md5('name:' || folded name) while only an export tells of the
artist. dbt computes the same keys, so it never waits for this. Always holds: a refresh reads raw and lookup and nothing
else, so a rebuild gives the same aliases; a name that becomes a Spotify artist keeps its old key as `former_key`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from extract_load.core.content import polled_content_kind_sql
from extract_load.core.instants import parse_instant_sql
from extract_load.core.local_uris import local_artist_sql
from extract_load.core.text import fold_name_sql
from extract_load.storage.transaction import transaction

_EXPORT_ROW = """{
    "master_metadata_album_artist_name": "VARCHAR", "artistName": "VARCHAR", "spotify_track_uri": "VARCHAR",
    "ms_played": "BIGINT", "msPlayed": "BIGINT", "ts": "VARCHAR", "endTime": "VARCHAR"
}"""
_ARTISTS = '[{"id": "VARCHAR", "name": "VARCHAR"}]'
_IS_MUSIC = polled_content_kind_sql("(payload -> '$.track')") + " = 'music'"  # who publishes a podcast is no artist

_EXPORTED = f"""
create or replace temp table exported as
with parsed as (
    select from_json(payload, '{_EXPORT_ROW}') as played, fetched_at from raw.spotify_streaming_history
),
summed as (
    select
        coalesce(
            nullif(played.master_metadata_album_artist_name, ''), nullif(played."artistName", ''),
            {local_artist_sql("played.spotify_track_uri")}
        ) as name,
        case
            when played.spotify_track_uri like 'spotify:track:_%' then split_part(played.spotify_track_uri, ':', 3)
        end as track_id,
        sum(coalesce(played.ms_played, played."msPlayed", 0)) as ms_played,
        count(*) as plays,
        max({parse_instant_sql('coalesce(played.ts, played."endTime")')}) as last_at,
        min(fetched_at) as seen_at
    from parsed
    group by all
)
select *, {fold_name_sql("name")} as folded
from summed
where trim(name) <> '' and not contains(name, '\ufffd')  -- of a name that lost letters nobody is asked
"""

# What Spotify said about artists, in rows that are never changed: the same after a rebuild.
_CREDITS = f"""
create or replace temp table credits as
with credited as (
    select entity_id as id, payload ->> '$.name' as name, fetched_at, 0 as trust
    from raw.api_responses
    where service = 'spotify' and entity = 'artist'
    union all
    select artist.id, artist.name, fetched_at, 1
    from (
        select unnest(from_json(payload -> '$.artists', '{_ARTISTS}')) as artist, fetched_at
        from raw.api_responses
        where service = 'spotify' and entity in ('track', 'album')
    )
    union all
    select artist.id, artist.name, fetched_at, 1
    from (
        select unnest(from_json(payload -> '$.track.artists', '{_ARTISTS}')) as artist, fetched_at
        from raw.spotify_recently_played
        where {_IS_MUSIC}
    )
)
select id, arg_min(name, (trust, -epoch_ms(fetched_at), name)) as name, min(fetched_at) as seen_at
from credited
where id <> ''
group by id
"""

_POLLED = f"""
create or replace temp table polled as
select
    payload ->> '$.track.artists[0].id' as id,
    sum(least(greatest(coalesce(try_cast(payload ->> '$.track.duration_ms' as bigint), 0), 0), 86400000)) as ms_played,
    count(*) as plays
from raw.spotify_recently_played
where played_at > coalesce((select max(last_at) from exported), timestamp '1970-01-01') and {_IS_MUSIC}
group by all
"""

# Whom each played track is by, where a read track names an artist of the exported name.
_TRACKS = f"""
create or replace temp table track_artists as
with played as (
    select distinct track_id, folded from exported where track_id is not null
),
credited as (
    select spotify_track_id as track_id, unnest(from_json(payload -> '$.artists', '{_ARTISTS}')) as artist
    from lookup.spotify_tracks
    semi join played on played.track_id = spotify_track_id
)
select played.track_id, played.folded, min(credited.artist.id) as id
from played
inner join credited
    on credited.track_id = played.track_id and {fold_name_sql("credited.artist.name")} = played.folded
group by all
"""

# A name is a Spotify artist when its tracks say so, else when exactly one Spotify artist bears it, else when the same
# MBID was found for both; where tracks or artists disagree, nobody is guessed.
_NAMES = f"""
create or replace temp table names as
with named as (
    select folded, arg_max(name, (ms_played, name)) as name, min(seen_at) as seen_at from exported group by folded
),
by_track as (
    select folded, min(id) as id, count(distinct id) as artists from track_artists group by folded
),
bearers as (
    select {fold_name_sql("name")} as folded, min(id) as id, count(*) as artists
    from credits
    where trim(name) <> ''
    group by all
),
by_mbid as (
    select named.folded, min(credits.id) as id, count(*) as artists
    from named
    inner join lookup.musicbrainz_matches as ours
        on ours.artist_key = md5('name:' || named.folded) and ours.status = 'found'
    inner join lookup.musicbrainz_matches as theirs on theirs.mbid = ours.mbid and theirs.status = 'found'
    inner join credits on md5('spotify:' || credits.id) = theirs.artist_key
    where {fold_name_sql("credits.name")} = named.folded
    group by all
)
select
    named.*,
    case
        when by_track.artists = 1 then by_track.id
        when by_track.artists > 1 then null
        when bearers.artists = 1 then bearers.id
        when by_mbid.artists = 1 then by_mbid.id
    end as spotify_id
from named
left join by_track using (folded)
left join bearers using (folded)
left join by_mbid using (folded)
"""

_ALIASES = """
create or replace temp table aliases as
with known as (
    select 'spotify_id' as alias_kind, id as alias, md5('spotify:' || id) as artist_key, name, seen_at from credits
    union all
    select 'export_name', folded, md5(coalesce('spotify:' || spotify_id, 'name:' || folded)), name, seen_at from names
    union all
    select 'former_key', md5('name:' || folded), md5('spotify:' || spotify_id), name, seen_at
    from names
    where spotify_id is not null
),
found as (
    select coalesce(former.artist_key, matches.artist_key) as artist_key, matches.mbid
    from lookup.musicbrainz_matches as matches
    left join known as former on former.alias_kind = 'former_key' and former.alias = matches.artist_key
    where matches.status = 'found' and matches.mbid is not null
)
select alias_kind, alias, artist_key, name, seen_at from known
union all
select 'mbid', found.mbid, known.artist_key, known.name, known.seen_at
from found
inner join known on known.artist_key = found.artist_key and known.alias_kind in ('spotify_id', 'export_name')
qualify row_number() over (partition by found.mbid order by known.alias_kind desc, known.seen_at, known.alias) = 1
"""

_DROP = """
delete from lookup.artist_aliases as old
where not exists (select 1 from aliases where aliases.alias_kind = old.alias_kind and aliases.alias = old.alias)
"""

_PUT = """
merge into lookup.artist_aliases as known
using aliases as new
on known.alias_kind = new.alias_kind and known.alias = new.alias
when matched and (
    known.artist_key <> new.artist_key
    or known.name is distinct from new.name
    or known.first_seen_at <> new.seen_at
) then update set artist_key = new.artist_key, name = new.name, first_seen_at = new.seen_at
when not matched then insert values (new.alias_kind, new.alias, new.artist_key, new.name, new.seen_at)
"""

_LISTENING = """
insert into lookup.artist_listening
with listened as (
    select
        'name:' || exported.folded as known_by,
        coalesce(track_artists.id, names.spotify_id) as spotify_id,
        exported.ms_played,
        exported.plays
    from exported
    left join track_artists on track_artists.track_id = exported.track_id and track_artists.folded = exported.folded
    left join names on names.folded = exported.folded
    union all
    select null, id, ms_played, plays from polled where id <> ''
)
select md5(coalesce('spotify:' || spotify_id, known_by)) as artist_key, coalesce(sum(ms_played), 0), sum(plays)
from listened
group by all
"""

# Cheap enough to be run after each batch of another stage: only answers that came in since.
_NEW_IDS = f"""
merge into lookup.artist_aliases as known
using (
with answered as (
    select entity, entity_id, payload, fetched_at
    from raw.api_responses
    where service = 'spotify' and entity in ('artist', 'track', 'album') and landed_at >= $since
),
credited as (
    select entity_id as id, payload ->> '$.name' as name, fetched_at from answered where entity = 'artist'
    union all
    select artist.id, artist.name, fetched_at
    from (
        select unnest(from_json(payload -> '$.artists', '{_ARTISTS}')) as artist, fetched_at
        from answered
        where entity in ('track', 'album')
    )
)
select
    'spotify_id' as alias_kind, id as alias, md5('spotify:' || id) as artist_key,
    arg_min(name, fetched_at) as name, min(fetched_at) as first_seen_at
from credited
where id <> ''
group by id
) as new
on known.alias_kind = new.alias_kind and known.alias = new.alias
when not matched then insert
"""


@dataclass(frozen=True, slots=True)
class AliasCounts:
    """How many artists there are, and how many of them are known by an export's name only."""

    artists: int
    by_name_only: int


def refresh_aliases(connection: duckdb.DuckDBPyConnection) -> AliasCounts:
    """Bring `lookup.artist_aliases` and `lookup.artist_listening` up to what raw and lookup say, in one transaction."""
    for sql in (_EXPORTED, _CREDITS, _POLLED, _TRACKS, _NAMES, _ALIASES):
        connection.execute(sql)
    with transaction(connection):
        connection.execute(_DROP)
        connection.execute(_PUT)
        connection.execute("delete from lookup.artist_listening")
        connection.execute(_LISTENING)
    artists, by_name = connection.execute(
        "select count(distinct artist_key),"
        " count(distinct artist_key) filter (alias_kind = 'export_name' and artist_key = md5('name:' || alias))"
        " from lookup.artist_aliases where alias_kind in ('spotify_id', 'export_name')"
    ).fetchall()[0]
    return AliasCounts(artists, by_name)


def add_new_artists(connection: duckdb.DuckDBPyConnection, since: datetime) -> None:
    """Add the Spotify artists of answers landed since then (UTC); what a name becomes waits for the refresh."""
    connection.execute(_NEW_IDS, {"since": since})
