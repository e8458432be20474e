{{ config(materialized='table') }}
with

plays as (
    select * from {{ ref('fct_plays') }}
    where is_counted
),

by_device as (
    select
        listener_id,
        {{ device_of('platform') }} as device,
        count(*) as plays,
        sum(ms_played) as ms,
        count(*) filter (where is_offline) as plays_offline,
        count(*) filter (where is_shuffle) as plays_shuffled,
        min(date_key) as first_used_on,
        max(date_key) as last_used_on
    from plays
    group by all
),

totals as (
    select
        listener_id,
        sum(plays) as plays,
        coalesce(sum(plays) filter (where device is null), 0) as plays_unknown
    from by_device
    group by listener_id
),

final as (
    select
        by_device.device,
        by_device.plays,
        {{ minutes('by_device.ms') }} as minutes,
        {{ percent('by_device.plays', 'totals.plays') }} as plays_pct,
        {{ percent('totals.plays_unknown', 'totals.plays') }} as unknown_pct,
        by_device.plays_offline,
        by_device.plays_shuffled,
        by_device.listener_id,
        by_device.first_used_on,
        by_device.last_used_on
    from by_device
    inner join totals on by_device.listener_id = totals.listener_id
    where by_device.device is not null
)

select * from final
order by listener_id, plays desc, device
