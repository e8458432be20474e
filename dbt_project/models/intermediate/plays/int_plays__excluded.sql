-- Over 120 lines: four seeds, five ways to name what is left out, and two rules of the project, one select each.
with

plays as (
    select
        play_id,
        play_key,
        listener_id,
        track_key,
        started_at,
        ms_played,
        is_near_duplicate
    from {{ ref('int_plays__timed') }}
),

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

excluded_plays as (
    select * from {{ ref('excluded_plays') }}
),

excluded_spans as (
    select * from {{ ref('excluded_spans') }}
),

tracks as (
    select
        track_key,
        spotify_track_id,
        artist_key,
        artist_name,
        {{ fold_name('track_name') }} as folded_track,
        {{ fold_name('artist_name') }} as folded_artist,
        duration_ms
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

unwanted_tracks as (
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

matches as (
    select
        plays.play_id,
        1 as priority,
        'play' as excluded_by,
        exclusions.reason
    from plays
    inner join excluded_plays as exclusions on plays.play_key = exclusions.play_key
    union all
    select
        plays.play_id,
        2 as priority,
        'span' as excluded_by,
        exclusions.reason
    from plays
    inner join excluded_spans as exclusions
        on
            (plays.listener_id = exclusions.listener_id or exclusions.listener_id = '*')
            and plays.started_at >= exclusions.from_at
            and plays.started_at < exclusions.until_at
    union all
    select
        plays.play_id,
        unwanted_tracks.priority,
        unwanted_tracks.excluded_by,
        unwanted_tracks.reason
    from plays
    inner join unwanted_tracks on plays.track_key = unwanted_tracks.track_key
    {%- if not var('count_overlong_plays') %}
    union all
    select
        plays.play_id,
        5 as priority,
        'length' as excluded_by,
        'one play can not be so long' as reason
    from plays
    inner join tracks on plays.track_key = tracks.track_key
    where {{ is_overlong('plays.ms_played', 'tracks.duration_ms') }}
    {%- endif %}
    {%- if not var('count_near_duplicates') %}
    union all
    select
        play_id,
        6 as priority,
        'near_duplicate' as excluded_by,
        'recorded twice' as reason
    from plays
    where is_near_duplicate
    {%- endif %}
),

final as (
    select
        play_id,
        arg_min(excluded_by || coalesce(': ' || nullif(trim(reason), ''), ''), (priority, reason)) as exclusion_reason
    from matches
    group by play_id
)

select * from final
