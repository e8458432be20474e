with

resolved_tracks as (
    select * from {{ ref('int_tracks__resolved') }}
),

excluded_artists as not materialized (
    select * from {{ ref('excluded_artists') }}
),

aliases as (
    select * from {{ ref('int_artists__aliased') }}
),

excluded_tracks as (
    select * from {{ ref('excluded_tracks') }}
),

tracks as (
    select
        track_key,
        spotify_track_id,
        artist_key,
        artist_name,
        {{ fold_name('track_name') }} as folded_track,
        {{ fold_name('artist_name') }} as folded_artist
    from resolved_tracks
),

-- By any name or id that the artist goes by, since pages of one artist are united.
unwanted_artists as (
    select
        aliases.artist_key,
        excluded_artists.reason
    from excluded_artists
    inner join aliases
        on
            excluded_artists.artist in (aliases.alias, aliases.artist_key)
            or {{ fold_name('aliases.artist_name') }} = {{ fold_name('excluded_artists.artist') }}
),

reasons as (
    select
        tracks.track_key,
        3 as priority,
        'track' as excluded_by,
        exclusions.reason
    from tracks
    inner join excluded_tracks as exclusions
        on
            tracks.spotify_track_id = exclusions.spotify_track_id
            or (
                nullif(exclusions.spotify_track_id, '') is null
                and tracks.folded_track = {{ fold_name('exclusions.track_name') }}
                and (
                    nullif(exclusions.artist_name, '') is null
                    or tracks.folded_artist = {{ fold_name('exclusions.artist_name') }}
                )
            )
    union all
    select
        tracks.track_key,
        4 as priority,
        'artist' as excluded_by,
        exclusions.reason
    from tracks
    inner join unwanted_artists as exclusions on tracks.artist_key = exclusions.artist_key
    union all
    select
        tracks.track_key,
        4 as priority,
        'artist' as excluded_by,
        exclusions.reason
    from tracks
    inner join excluded_artists as exclusions on tracks.folded_artist = {{ fold_name('exclusions.artist') }}
),

final as (
    select distinct * replace (coalesce(reason, '') as reason) from reasons
)

select * from final
