{{ config(materialized='table') }}
with

listening_days as (
    select * from {{ ref('fct_listening_days') }}
    where plays > 0
),

recordings as (
    select * from {{ ref('dim_recording') }}
    where recording_key <> 0
),

periods as (
    select * from {{ ref('fct_periods') }}
),

all_time as (
    select
        listener_id,
        first_day
    from periods
    where period_type = 'all_time'
),

heard as (
    select
        listener_id,
        recording_key,
        min(date_key) as discovered_on,
        max(date_key) as last_heard_on,
        cast(sum(plays) as bigint) as plays,
        cast(sum(ms_played) as bigint) as ms
    from listening_days
    group by listener_id, recording_key
),

heard_early as (
    select
        listening_days.listener_id,
        listening_days.recording_key,
        cast(sum(listening_days.plays) as bigint) as plays_first_30_days
    from listening_days
    inner join heard
        on listening_days.listener_id = heard.listener_id and listening_days.recording_key = heard.recording_key
    where listening_days.date_key < heard.discovered_on + 30
    group by all
),

discovered as (
    select
        heard.*,
        heard_early.plays_first_30_days
    from heard
    inner join heard_early
        on heard.listener_id = heard_early.listener_id and heard.recording_key = heard_early.recording_key
),

final as (
    select
        recordings.recording_name as track_name,
        recordings.artist_name,
        discovered.discovered_on,
        discovered.plays,
        {{ minutes('discovered.ms') }} as minutes,
        discovered.plays > 3 and discovered.last_heard_on > discovered.discovered_on as is_kept,
        discovered.plays_first_30_days,
        discovered.last_heard_on,
        discovered.discovered_on < all_time.first_day + 90 as is_warm_up,
        discovered.listener_id,
        months.coverage_pct,
        months.has_holes
    from discovered
    inner join recordings on discovered.recording_key = recordings.recording_key
    inner join all_time on discovered.listener_id = all_time.listener_id
    left join periods as months
        on
            discovered.listener_id = months.listener_id
            and months.period_type = 'month'
            and months.period_start = date_trunc('month', discovered.discovered_on)
)

select * from final
order by discovered_on desc, plays desc, track_name
