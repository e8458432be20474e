"""The longer queries of matching by recording: which artists a method may try, and with which ISRCs or titles."""

from __future__ import annotations

from extract_load.core.text import fold_name_sql

_ARTISTS = '[{"id": "VARCHAR", "name": "VARCHAR"}]'
_EXPORT_ROW = """{
    "master_metadata_album_artist_name": "VARCHAR", "artistName": "VARCHAR",
    "master_metadata_track_name": "VARCHAR", "trackName": "VARCHAR", "ms_played": "BIGINT", "msPlayed": "BIGINT",
    "reason_end": "VARCHAR"
}"""


def _is_untried(method: str) -> str:
    """Return the condition that a match was not tried by this method in its current round, and may be."""
    return f"""
        matches.status in ('not_found', 'review')
        and matches.method is distinct from 'manual'
        and not list_contains(from_json(coalesce(matches.evidence -> '$.tried', '[]'), '["VARCHAR"]'), '{method}')
        -- A linked artist of another name waits until its aliases are read: they may decide without a request.
        and (matches.mbid is null or matches.mbid in (select mbid from lookup.musicbrainz_artists))
    """


# A match that was found for the name in an export also holds for the Spotify artist that the name led to later.
_IS_NOT_FOUND_BY_NAME = """
    not exists (
        select 1
        from lookup.artist_aliases as former_aliases
        inner join lookup.musicbrainz_matches as former_matches on former_matches.artist_key = former_aliases.alias
        where former_aliases.alias_kind = 'former_key'
            and former_aliases.artist_key = aliases.artist_key
            and former_matches.status = 'found'
    )
"""

# Parameters: most (ISRCs per artist), least (an artist with fewer ISRCs waits), rows (limit).
ISRCS = f"""
with open_artists as (
    select
        aliases.artist_key, aliases.name, aliases.alias as spotify_id, matches.attempts, matches.evidence,
        listening.ms_played
    from lookup.musicbrainz_matches as matches
    inner join lookup.artist_aliases as aliases
        on aliases.artist_key = matches.artist_key and aliases.alias_kind = 'spotify_id'
    inner join lookup.artist_listening as listening on listening.artist_key = matches.artist_key
    where {_is_untried("isrc")} and {_IS_NOT_FOUND_BY_NAME}
),
track_credits as (
    select
        replace(upper(payload ->> '$.external_ids.isrc'), '-', '') as isrc,
        payload ->> '$.name' as title,
        unnest(from_json(payload -> '$.artists', '{_ARTISTS}')) as artist,
        generate_subscripts(from_json(payload -> '$.artists', '{_ARTISTS}'), 1) as place
    from lookup.spotify_tracks
    where (select count(*) from open_artists) > 0 and (payload ->> '$.external_ids.isrc') is not null
),
isrcs_of_artists as (
    select
        open_artists.artist_key, track_credits.isrc, min(track_credits.title) as title,
        min(track_credits.place) as place
    from track_credits
    inner join open_artists on open_artists.spotify_id = track_credits.artist.id
    group by all
),
chosen_isrcs as (
    select artist_key, list({{'isrc': isrc, 'title': title}} order by place, isrc) as isrcs
    from (from isrcs_of_artists qualify row_number() over (partition by artist_key order by place, isrc) <= $most)
    group by artist_key
)
select
    open_artists.artist_key, open_artists.name, open_artists.spotify_id, open_artists.attempts,
    cast(open_artists.evidence as varchar), chosen_isrcs.isrcs
from open_artists
inner join chosen_isrcs using (artist_key)
where len(chosen_isrcs.isrcs) >= $least
order by open_artists.ms_played desc, open_artists.artist_key
limit $rows
"""

# Parameter: now. No request is spent on names that stand for no artist ("Various Artists"), nor on a name in an export
# that is also the name of a Spotify artist: the tracks identify that artist when they are read.
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
        ({_is_untried("name")})
        or (
            aliases.spotify_id is null
            and (matches.artist_key is null or (matches.status <> 'found' and matches.next_attempt_at <= $now))
            and matches.method is distinct from 'manual'
        )
    )
    and {_IS_NOT_FOUND_BY_NAME}
    and (aliases.spotify_id is not null or not exists (
        select 1
        from lookup.artist_aliases as namesakes
        where namesakes.alias_kind = 'spotify_id'
            and {fold_name_sql("namesakes.name")} = {fold_name_sql("aliases.name")}
    ))
    and {fold_name_sql("aliases.name")} not in ('various artists', 'various', 'unknown artist', 'unknown')
order by listening.ms_played desc, aliases.artist_key
"""

# Parameter: keys (a JSON list). The titles of these artists with their length, most listened first. An export has no
# lengths, so the length is the median of the plays that ran to the end of the track.
TITLES = f"""
with wanted_artists as (
    select unnest(from_json($keys, '["VARCHAR"]')) as artist_key
),
export_names as (
    select alias, artist_key
    from lookup.artist_aliases
    semi join wanted_artists using (artist_key)
    where alias_kind = 'export_name'
),
export_rows as (
    select from_json(payload, '{_EXPORT_ROW}') as row from raw.spotify_streaming_history
),
titles_by_name as (
    select
        coalesce(row.master_metadata_album_artist_name, row."artistName") as name,
        coalesce(row.master_metadata_track_name, row."trackName") as title,
        sum(coalesce(row.ms_played, row."msPlayed", 0)) as ms_played,
        median(row.ms_played) filter (row.reason_end = 'trackdone') as length
    from export_rows
    group by all
),
exported_titles as (
    select
        export_names.artist_key, titles_by_name.title, sum(titles_by_name.ms_played) as ms_played,
        max(titles_by_name.length) as length
    from titles_by_name
    inner join export_names on export_names.alias = {fold_name_sql("titles_by_name.name")}
    where trim(titles_by_name.name) <> '' and trim(titles_by_name.title) <> ''
    group by all
),
spotify_ids as (
    select alias, artist_key
    from lookup.artist_aliases
    semi join wanted_artists using (artist_key)
    where alias_kind = 'spotify_id'
),
read_titles as (
    select
        spotify_ids.artist_key,
        payload ->> '$.name' as title,
        0 as ms_played,
        try_cast(payload ->> '$.duration_ms' as double) as length
    from lookup.spotify_tracks
    inner join spotify_ids on spotify_ids.alias = (payload ->> '$.artists[0].id')
),
known_titles as (
    from exported_titles
    union all
    from read_titles
)
select artist_key, title, cast(max(length) as integer) as length
from known_titles
where trim(title) <> ''
group by artist_key, title
qualify row_number() over (partition by artist_key order by sum(ms_played) desc, title) <= 9
order by artist_key, sum(ms_played) desc, title
"""
