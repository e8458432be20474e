with

listening_days as (
    select * from {{ ref('fct_listening_days') }}
),

final as (
    select
        listener_id,
        recording_key,
        album_key,
        artist_key,
        cast(sum(plays) as bigint) as plays,
        cast(sum(ms_played) as bigint) as ms_played,
        cast(sum(plays_any) as bigint) as plays_any,
        cast(sum(ms_any) as bigint) as ms_any,
        cast(sum(plays_lastfm) as bigint) as plays_lastfm,
        cast(sum(ms_lastfm) as bigint) as ms_lastfm,
        cast(sum(plays_completed) as bigint) as plays_completed,
        cast(sum(ms_completed) as bigint) as ms_completed,
        cast(sum(plays_exact) as bigint) as plays_exact,
        cast(sum(plays_assumed) as bigint) as plays_assumed,
        cast(sum(starts) as bigint) as starts,
        cast(sum(skips) as bigint) as skips,
        cast(sum(starts_completed) as bigint) as starts_completed,
        min(date_key) filter (where plays > 0) as first_date_key,
        max(date_key) filter (where plays > 0) as last_date_key
    from listening_days
    group by all
)

select * from final
order by artist_key, album_key, recording_key, listener_id
