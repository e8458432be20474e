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

heard as (
    select
        listener_id,
        recording_key,
        cast(sum(plays) as bigint) as plays,
        cast(sum(ms_played) as bigint) as ms,
        count(distinct date_key) as days,
        max(plays) as most_on_a_day,
        min(date_key) as first_heard_on,
        max(date_key) as last_heard_on
    from listening_days
    group by all
),

final as (
    select
        recordings.recording_name as track_name,
        recordings.artist_name,
        heard.plays,
        {{ minutes('heard.ms') }} as minutes,
        row_number() over (
            partition by heard.listener_id order by heard.plays desc, heard.ms desc, heard.recording_key
        ) as rank,
        heard.days,
        heard.most_on_a_day,
        recordings.first_release_year as release_year,
        heard.listener_id,
        heard.first_heard_on,
        heard.last_heard_on
    from heard
    inner join recordings on heard.recording_key = recordings.recording_key
)

select * from final
order by listener_id, rank
