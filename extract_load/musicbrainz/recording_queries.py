"""The longer queries of the identity steps: who is open for which way, with which evidence of the listener's own."""

from __future__ import annotations

from extract_load.core.text import fold_name_sql

_ARTISTS = '[{"id": "VARCHAR", "name": "VARCHAR"}]'
_EXPORT_ROW = """{
    "master_metadata_album_artist_name": "VARCHAR", "artistName": "VARCHAR",
    "master_metadata_track_name": "VARCHAR", "trackName": "VARCHAR", "ms_played": "BIGINT", "msPlayed": "BIGINT",
    "reason_end": "VARCHAR"
}"""


def _untried(way: str) -> str:
    """Return the condition that a match has not gone this way in its present round, and may."""
    return f"""
        matches.status in ('not_found', 'review')
        and matches.method is distinct from 'manual'
        and not list_contains(from_json(coalesce(matches.evidence -> '$.tried', '[]'), '["VARCHAR"]'), '{way}')
        -- The aliases of a linked artist of another name are read first: they may settle it for nothing.
        and (matches.mbid is null or matches.mbid in (select mbid from lookup.musicbrainz_artists))
    """


# A key that an earlier one led to: what was found for the name stands for the Spotify artist too.
_NOT_FOUND_BEFORE = """
    not exists (
        select 1
        from lookup.artist_aliases as former
        inner join lookup.musicbrainz_matches as earlier on earlier.artist_key = former.alias
        where former.alias_kind = 'former_key' and former.artist_key = aliases.artist_key and earlier.status = 'found'
    )
"""

# Parameters: most (ISRCs an artist), least (an artist with fewer waits), rows.
ISRCS = f"""
with open_artists as (
    select
        aliases.artist_key, aliases.name, aliases.alias as spotify_id, matches.attempts, matches.evidence,
        listening.ms_played
    from lookup.musicbrainz_matches as matches
    inner join lookup.artist_aliases as aliases
        on aliases.artist_key = matches.artist_key and aliases.alias_kind = 'spotify_id'
    inner join lookup.artist_listening as listening on listening.artist_key = matches.artist_key
    where {_untried("isrc")} and {_NOT_FOUND_BEFORE}
),
credited as (
    select
        replace(upper(payload ->> '$.external_ids.isrc'), '-', '') as isrc,
        payload ->> '$.name' as title,
        unnest(from_json(payload -> '$.artists', '{_ARTISTS}')) as artist,
        generate_subscripts(from_json(payload -> '$.artists', '{_ARTISTS}'), 1) as place
    from lookup.spotify_tracks
    where (select count(*) from open_artists) > 0 and (payload ->> '$.external_ids.isrc') is not null
),
own as (
    select open_artists.artist_key, credited.isrc, min(credited.title) as title, min(credited.place) as place
    from credited
    inner join open_artists on open_artists.spotify_id = credited.artist.id
    group by all
),
best as (
    select artist_key, list({{'isrc': isrc, 'title': title}} order by place, isrc) as isrcs
    from (from own qualify row_number() over (partition by artist_key order by place, isrc) <= $most)
    group by artist_key
)
select
    open_artists.artist_key, open_artists.name, open_artists.spotify_id, open_artists.attempts,
    cast(open_artists.evidence as varchar), best.isrcs
from open_artists
inner join best using (artist_key)
where len(best.isrcs) >= $least
order by open_artists.ms_played desc, open_artists.artist_key
limit $rows
"""

# Parameter: now. Special names are nobody's, and no request is spent on them. A name that several Spotify artists bear
# is not one artist's either: their tracks tell them apart when they are read.
OPEN_FOR_NAMES = f"""
with aliases as (
    select
        artist_key,
        coalesce(any_value(name) filter (alias_kind = 'spotify_id'), min(name)) as name,
        any_value(alias) filter (alias_kind = 'spotify_id') as spotify_id
    from lookup.artist_aliases
    where alias_kind in ('spotify_id', 'export_name')
    group by artist_key
)
select
    aliases.artist_key, aliases.name, aliases.spotify_id, coalesce(matches.attempts, 0),
    case
        when matches.next_attempt_at > $now or aliases.spotify_id is not null then cast(matches.evidence as varchar)
    end
from aliases
inner join lookup.artist_listening as listening using (artist_key)
left join lookup.musicbrainz_matches as matches using (artist_key)
where
    (
        ({_untried("name")})
        or (
            aliases.spotify_id is null
            and (matches.artist_key is null or (matches.status <> 'found' and matches.next_attempt_at <= $now))
            and matches.method is distinct from 'manual'
        )
    )
    and {_NOT_FOUND_BEFORE}
    and (aliases.spotify_id is not null or not exists (
        select 1
        from lookup.artist_aliases as bearer
        where bearer.alias_kind = 'spotify_id' and {fold_name_sql("bearer.name")} = {fold_name_sql("aliases.name")}
    ))
    and {fold_name_sql("aliases.name")} not in ('various artists', 'various', 'unknown artist', 'unknown')
order by listening.ms_played desc, aliases.artist_key
"""

# Parameter: keys (a JSON list). The titles of these artists with their length, most listened first. An export tells no
# lengths, but what was played to its end was played for its length.
TITLES = f"""
with wanted as (
    select unnest(from_json($keys, '["VARCHAR"]')) as artist_key
),
names as (
    select alias, artist_key
    from lookup.artist_aliases
    semi join wanted using (artist_key)
    where alias_kind = 'export_name'
),
played as (
    select from_json(payload, '{_EXPORT_ROW}') as row from raw.spotify_streaming_history
),
summed as (
    select
        coalesce(row.master_metadata_album_artist_name, row."artistName") as name,
        coalesce(row.master_metadata_track_name, row."trackName") as title,
        sum(coalesce(row.ms_played, row."msPlayed", 0)) as ms_played,
        median(row.ms_played) filter (row.reason_end = 'trackdone') as length
    from played
    group by all
),
exported as (
    select names.artist_key, summed.title, sum(summed.ms_played) as ms_played, max(summed.length) as length
    from summed
    inner join names on names.alias = {fold_name_sql("summed.name")}
    where trim(summed.name) <> '' and trim(summed.title) <> ''
    group by all
),
ids as (
    select alias, artist_key
    from lookup.artist_aliases
    semi join wanted using (artist_key)
    where alias_kind = 'spotify_id'
),
read_tracks as (
    select
        ids.artist_key,
        payload ->> '$.name' as title,
        0 as ms_played,
        try_cast(payload ->> '$.duration_ms' as double) as length
    from lookup.spotify_tracks
    inner join ids on ids.alias = (payload ->> '$.artists[0].id')
),
known_titles as (
    from exported
    union all
    from read_tracks
)
select artist_key, title, cast(max(length) as integer) as length
from known_titles
where trim(title) <> ''
group by artist_key, title
qualify row_number() over (partition by artist_key order by sum(ms_played) desc, title) <= 9
order by artist_key, sum(ms_played) desc, title
"""
