with

plays as (
    select
        play_id,
        play_key,
        listener_id,
        track_key,
        started_at
    from {{ ref('int_plays__timed') }}
),

tracks as (
    select
        track_key,
        spotify_track_id,
        artist_key,
        artist_name,
        {{ fold_name('track_name') }} as folded_track,
        {{ fold_name('artist_name') }} as folded_artist
    from {{ ref('int_tracks__resolved') }}
),

-- By any name or id that the artist goes by, since pages of one artist are united.
unwanted_artists as (
    select
        a.artist_key,
        x.reason
    from {{ ref('excluded_artists') }} as x
    inner join {{ ref('int_artists__aliased') }} as a
        on
            x.artist in (a.alias, a.artist_key)
            or {{ fold_name('a.artist_name') }} = {{ fold_name('x.artist') }}
),

unwanted_tracks as (
    select
        t.track_key,
        3 as priority,
        'track' as excluded_by,
        x.reason
    from tracks as t
    inner join {{ ref('excluded_tracks') }} as x
        on
            t.spotify_track_id = x.spotify_track_id
            or (
                nullif(x.spotify_track_id, '') is null
                and t.folded_track = {{ fold_name('x.track_name') }}
                and (
                    nullif(x.artist_name, '') is null
                    or t.folded_artist = {{ fold_name('x.artist_name') }}
                )
            )
    union all
    select
        t.track_key,
        4 as priority,
        'artist' as excluded_by,
        x.reason
    from tracks as t
    inner join unwanted_artists as x on t.artist_key = x.artist_key
    union all
    select
        t.track_key,
        4 as priority,
        'artist' as excluded_by,
        x.reason
    from tracks as t
    inner join {{ ref('excluded_artists') }} as x on t.folded_artist = {{ fold_name('x.artist') }}
),

hits as (
    select
        p.play_id,
        1 as priority,
        'play' as excluded_by,
        x.reason
    from plays as p
    inner join {{ ref('excluded_plays') }} as x on p.play_key = x.play_key
    union all
    select
        p.play_id,
        2 as priority,
        'span' as excluded_by,
        x.reason
    from plays as p
    inner join {{ ref('excluded_spans') }} as x
        on
            (p.listener_id = x.listener_id or x.listener_id = '*')
            and p.started_at >= x.from_at
            and p.started_at < x.until_at
    union all
    select
        p.play_id,
        u.priority,
        u.excluded_by,
        u.reason
    from plays as p
    inner join unwanted_tracks as u on p.track_key = u.track_key
),

final as (
    select
        play_id,
        arg_min(excluded_by || coalesce(': ' || nullif(trim(reason), ''), ''), (priority, reason)) as exclusion_reason
    from hits
    group by play_id
)

select * from final
