with

tracks as (
    select * from {{ ref('int_tracks__resolved') }}
),

excluded_tracks as (
    select * from {{ ref('int_tracks__excluded') }}
),

excluded_plays as (
    select * from {{ ref('excluded_plays') }}
),

exclusions as (
    select
        track_key,
        bit_xor(hash(listener_id, priority, excluded_by, reason)) as exclusion_hash
    from excluded_tracks
    group by track_key
),

final as (
    select
        'track' as kind,
        tracks.track_key as pointer,
        hash(
            tracks.recording_key,
            tracks.album_key,
            tracks.artist_key,
            tracks.duration_ms,
            coalesce(exclusions.exclusion_hash, 0)
        ) as pointed_at
    from tracks
    left join exclusions on tracks.track_key = exclusions.track_key
    union all
    select
        'play' as kind,
        {{ key_of_text('play_key') }} as pointer,
        bit_xor(hash(reason)) as pointed_at
    from excluded_plays
    where play_key is not null
    group by all
)

select * from final
