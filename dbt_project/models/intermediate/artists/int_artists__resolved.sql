-- Over 120 lines: Spotify, exports, MusicBrainz and the manual matches each say something of an artist; one CTE each.
with

aliases as (
    select * from {{ ref('int_artists__aliased') }}
),

spotify as (
    select * from {{ ref('stg_spotify__artists') }}
),

musicbrainz as (
    select * from {{ ref('stg_musicbrainz__artists') }}
),

artist_matches_manual as (
    select * from {{ ref('artist_matches_manual') }}
),

musicbrainz_matches as (
    select * from {{ ref('stg_musicbrainz__matches') }}
),

-- Several Spotify pages of one artist: the page that was read and has the most followers speaks for all.
pages as (
    select
        aliases.artist_hash,
        list(
            aliases.alias
            order by spotify.has_answer desc nulls last, spotify.follower_count desc nulls last, aliases.alias
        ) as spotify_artist_ids,
        list(
            aliases.artist_name
            order by spotify.has_answer desc nulls last, spotify.follower_count desc nulls last, aliases.alias
        ) as names
    from aliases
    left join spotify on aliases.alias = spotify.spotify_artist_id
    where aliases.alias_kind = 'spotify_id'
    group by all
),

export_names as (
    select
        artist_hash,
        min(artist_name) as artist_name,
        min(alias) as folded_name
    from aliases
    where alias_kind = 'export_name'
    group by all
),

set_by_hand as (
    select
        aliases.artist_hash,
        artist_matches_manual.mbid
    from artist_matches_manual
    inner join aliases
        on
            (aliases.alias_kind = 'spotify_id' and artist_matches_manual.spotify_artist_id = aliases.alias)
            or (
                aliases.alias_kind = 'export_name'
                and artist_matches_manual.spotify_artist_id is null
                and aliases.alias = {{ fold_name('artist_matches_manual.artist_name') }}
            )
),

candidates as (
    select
        artist_hash,
        mbid,
        'found' as status,
        'manual' as method,
        1.0 as score,
        1 as trust
    from set_by_hand
    union all
    select
        coalesce(aliases.artist_hash, musicbrainz_matches.artist_hash) as artist_hash,
        if(musicbrainz_matches.status = 'found', musicbrainz_matches.mbid, null) as mbid,
        musicbrainz_matches.status,
        musicbrainz_matches.method,
        musicbrainz_matches.score,
        2 as trust
    from musicbrainz_matches
    left join aliases on aliases.alias_kind = 'artist_key' and musicbrainz_matches.artist_hash = aliases.alias
),

matches as (
    select *
    from candidates
    qualify row_number() over (
        partition by artist_hash order by trust, status = 'found' desc, score desc nulls last, mbid
    ) = 1
),

keys as (
    select distinct artist_hash from aliases
),

final as (
    select
        {{ key_of_hash('keys.artist_hash') }} as artist_key,
        keys.artist_hash,
        pages.spotify_artist_ids[1] as spotify_artist_id,
        pages.spotify_artist_ids,
        matches.mbid as matched_mbid,
        coalesce(matched.canonical_mbid, matches.mbid) as mbid,
        if(matched.has_answer, matched.mbid, canonical.mbid) as facts_mbid,

        coalesce(
            spotify.artist_name, pages.names[1], export_names.artist_name, matched.artist_name, canonical.artist_name,
            export_names.folded_name, keys.artist_hash
        ) as artist_name,
        coalesce(matches.status, 'pending') as match_status,
        matches.method as match_method,
        matches.score as match_score,
        coalesce(spotify.has_answer, false) as is_on_spotify,
        coalesce(matched.has_answer, canonical.has_answer, false) as is_on_musicbrainz
    from keys
    left join pages on keys.artist_hash = pages.artist_hash
    left join export_names on keys.artist_hash = export_names.artist_hash
    left join spotify on spotify.spotify_artist_id = pages.spotify_artist_ids[1]
    left join matches on keys.artist_hash = matches.artist_hash
    left join musicbrainz as matched on matches.mbid = matched.mbid
    left join musicbrainz as canonical on matched.canonical_mbid = canonical.mbid and canonical.has_answer
)

select * from final
