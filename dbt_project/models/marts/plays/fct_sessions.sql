{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        tags=['by_month'],
        meta={'by_month': ['started_at', 'ended_at']},
        pre_hook="{{ begin_months() }}"
    )
}}

with

dirty_months as (
    select * from {{ ref('int_dirty__months') }}
),

all_plays as (
    select * from {{ ref('fct_plays') }}
    where
        session_key is not null
        -- A session that reaches further over the edge of a month makes the next one dirty as well.
        and {{ is_near_dirty_months('ended_at') }}
),

touched_sessions as (
    select distinct session_key
    from all_plays
    where {{ is_in_dirty_month('started_at') }} or {{ is_in_dirty_month('ended_at') }}
),

plays as (
    select all_plays.*
    from all_plays
    semi join touched_sessions on all_plays.session_key = touched_sessions.session_key
),

final as (
    select
        session_key,
        any_value(listener_id) as listener_id,
        -- By the first and the last play: local clocks go back, in the night of winter time and when travelling.
        arg_min(date_key, (started_at, ended_at, play_key)) as date_key,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        arg_min(local_started_at, (started_at, ended_at, play_key)) as local_started_at,
        arg_max(local_ended_at, (ended_at, play_key)) as local_ended_at,
        {{ minutes("date_diff('millisecond', min(started_at), max(ended_at))") }} as length_minutes,
        {{ minutes('coalesce(sum(ms_played) filter (is_counted), 0)') }} as minutes_played,
        cast(count(*) as integer) as plays_any,
        cast(count(*) filter (is_counted) as integer) as plays,
        cast(count(*) filter (is_skip) as integer) as skips,
        cast(count(is_skip) as integer) as plays_with_known_skip,
        cast(count(distinct artist_key) filter (is_counted) as integer) as artists,
        cast(count(distinct recording_key) filter (is_counted) as integer) as recordings,
        arg_min(track_key, (started_at, ended_at, play_key)) as first_track_key,
        arg_max(track_key, (started_at, ended_at, play_key)) as last_track_key,
        bool_and(time_grade = 'exact') as is_exact
    from plays
    group by session_key
)

select * from final
