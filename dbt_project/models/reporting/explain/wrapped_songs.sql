{{
    config(
        materialized='table',
        meta={
            'follows': ['fct_plays', 'dim_recording'],
            'part': {'since': 'make_date(year, 1, 1)', 'unit': 'year'},
        }
    )
}}
with

all_plays as (
    select * from {{ ref('fct_plays') }}
    where is_play_spotify30 and {{ is_read_for_part('date_key') }}
),

recordings as (
    select * from {{ ref('dim_recording') }}
    where recording_key <> 0
),

sorted as (
    select
        listener_id,
        cast(year(date_key) as integer) as year,
        recording_key,
        strftime(date_key, '%m-%d') > '{{ var('wrapped_until') }}' as is_too_late,
        coalesce(is_incognito, false) as is_private,
        is_excluded,
        ms_played
    from all_plays
),

by_year as (
    select
        listener_id,
        year,
        recording_key,
        count(*) filter (where not is_too_late and not is_private) as wrapped_plays,
        count(*) filter (where not is_excluded) as plays,
        count(*) filter (where is_too_late and not is_excluded) as plays_too_late,
        count(*) filter (where is_private and not is_too_late and not is_excluded) as plays_private,
        count(*) filter (where is_excluded and not is_too_late and not is_private) as plays_excluded,
        sum(ms_played) as ms
    from sorted
    semi join recordings on sorted.recording_key = recordings.recording_key
    group by all
),

ranked as (
    select
        *,
        row_number() over (
            partition by listener_id, year order by wrapped_plays desc, ms desc, recording_key
        ) as wrapped_rank
    from by_year
    where wrapped_plays > 0
    qualify wrapped_rank <= 100
),

final as (
    select
        recordings.recording_name as track_name,
        recordings.artist_name,
        ranked.wrapped_plays,
        ranked.wrapped_rank,
        ranked.plays,
        ranked.plays_too_late,
        ranked.plays_private,
        ranked.plays_excluded,
        ranked.listener_id,
        ranked.year
    from ranked
    inner join recordings on ranked.recording_key = recordings.recording_key
)

select * from final
order by listener_id, year desc, wrapped_rank
