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

artist_wishes as not materialized (
    {{ wishes_of('excluded_artists') }}
),

track_wishes as (
    {{ wishes_of('excluded_tracks') }}
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
    where exists (from artist_wishes) or exists (from track_wishes)
),

keyed_aliases as (
    select
        *,
        {{ key_of_hash('artist_hash') }} as artist_key
    from aliases
),

-- By any name or id that the artist goes by, since pages of one artist are united.
unwanted_artists as (
    select
        artist_wishes.listener_id,
        aliases.artist_key,
        artist_wishes.reason
    from artist_wishes
    inner join keyed_aliases as aliases
        on
            artist_wishes.artist in (aliases.alias, aliases.artist_hash, cast(aliases.artist_key as varchar))
            or {{ fold_name('aliases.artist_name') }} = {{ fold_name('artist_wishes.artist') }}
),

reasons as (
    select
        exclusions.listener_id,
        tracks.track_key,
        3 as priority,
        'track' as excluded_by,
        exclusions.reason
    from tracks
    inner join track_wishes as exclusions
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
        exclusions.listener_id,
        tracks.track_key,
        4 as priority,
        'artist' as excluded_by,
        exclusions.reason
    from tracks
    inner join unwanted_artists as exclusions on tracks.artist_key = exclusions.artist_key
    union all
    select
        exclusions.listener_id,
        tracks.track_key,
        4 as priority,
        'artist' as excluded_by,
        exclusions.reason
    from tracks
    inner join artist_wishes as exclusions on tracks.folded_artist = {{ fold_name('exclusions.artist') }}
),

final as (
    select distinct * replace (coalesce(reason, '') as reason) from reasons
)

select * from final
