{{ config(materialized='table') }}
with

source_rows as (
    select * from {{ ref('fct_source_rows') }}
),

plays as (
    select * from {{ ref('fct_plays') }}
    where is_counted
),

from_exports as (
    select
        listener_id,
        cast(fetched_at as date) as came_on,
        fate,
        content_kind,
        play_key,
        reported_end_at
    from source_rows
    where source = 'export'
),

by_arrival as (
    select
        from_exports.listener_id,
        from_exports.came_on,
        count(*) as rows_read,
        count(plays.play_key) filter (where from_exports.fate = 'counted') as plays_added,
        coalesce(sum(plays.ms_played) filter (where from_exports.fate = 'counted'), 0) as ms_added,
        count(*) filter (where from_exports.fate = 'merged') as rows_merged,
        count(*) filter (where from_exports.fate = 'duplicate_in_export') as rows_duplicate,
        count(*) filter (where from_exports.content_kind <> 'music') as rows_not_music,
        cast(min(from_exports.reported_end_at) as date) as first_day,
        cast(max(from_exports.reported_end_at) as date) as last_day
    from from_exports
    left join plays on from_exports.play_key = plays.play_key
    group by from_exports.listener_id, from_exports.came_on
),

-- Plays that polls had listed before: the export tells how long they were.
confirmed as (
    select
        from_exports.listener_id,
        from_exports.came_on,
        count(distinct from_exports.play_key) as plays_confirmed
    from from_exports
    inner join plays on from_exports.play_key = plays.play_key and plays.play_source = 'both'
    group by all
),

final as (
    select
        by_arrival.came_on,
        by_arrival.plays_added,
        {{ minutes('by_arrival.ms_added') }} as minutes_added,
        coalesce(confirmed.plays_confirmed, 0) as plays_confirmed,
        by_arrival.rows_read,
        by_arrival.rows_merged,
        by_arrival.rows_duplicate,
        by_arrival.rows_not_music,
        by_arrival.listener_id,
        by_arrival.first_day as rows_from,
        by_arrival.last_day as rows_until
    from by_arrival
    left join confirmed on by_arrival.listener_id = confirmed.listener_id and by_arrival.came_on = confirmed.came_on
)

select * from final
order by listener_id, came_on desc
