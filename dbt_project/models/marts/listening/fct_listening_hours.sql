{{ config(meta={'follows': ['fct_plays'], 'part': {'days': 'date_key'}}) }}

with

counted_plays as (
    select * from {{ ref('fct_plays') }}
    where is_counted and {{ is_of_part(margin_days=2) }}
),

plays as (
    select
        listener_id,
        started_at,
        local_started_at,
        time_zone,
        started_at + to_milliseconds(ms_played) as stopped_at,
        local_started_at + to_milliseconds(ms_played) as local_stopped_at,
        local_ended_at - local_started_at <> ended_at - started_at as is_shifted,
        ms_played
    from counted_plays
),

-- Nearly all plays lie within one hour; the others are cut at the edges of the local hours.
steady as (
    select
        listener_id,
        local_started_at,
        local_stopped_at,
        unnest(range(date_trunc('hour', local_started_at), local_stopped_at, interval 1 hour)) as local_hour
    from plays
    where not is_shifted and date_trunc('hour', local_started_at) <> date_trunc('hour', local_stopped_at)
),

-- The clock was changed during the play: cut at quarters of an hour of UTC, at which all clocks change.
shifted as (
    select
        listener_id,
        time_zone,
        started_at,
        stopped_at,
        unnest(range(time_bucket(interval 15 minute, started_at), stopped_at, interval 15 minute)) as quarter
    from plays
    where is_shifted
),

pieces as (
    select
        listener_id,
        local_started_at as local_at,
        ms_played as ms
    from plays
    where not is_shifted and date_trunc('hour', local_started_at) = date_trunc('hour', local_stopped_at)
    union all
    select
        listener_id,
        local_hour as local_at,
        epoch_ms(least(local_stopped_at, local_hour + interval 1 hour))
        - epoch_ms(greatest(local_started_at, local_hour)) as ms
    from steady
    union all
    select
        listener_id,
        timezone(time_zone, timezone('UTC', quarter)) as local_at,
        epoch_ms(least(stopped_at, quarter + interval 15 minute)) - epoch_ms(greatest(started_at, quarter)) as ms
    from shifted
),

starts_and_pieces as (
    select
        listener_id,
        local_started_at as local_at,
        1 as plays,
        0 as ms
    from plays
    union all
    select
        listener_id,
        local_at,
        0 as plays,
        ms
    from pieces
),

final as (
    select
        listener_id,
        cast(local_at as date) as date_key,
        cast(hour(local_at) as integer) as hour,
        cast(sum(plays) as integer) as plays,
        cast(sum(ms) as bigint) as ms_played
    from starts_and_pieces
    where {{ is_of_part(day='cast(local_at as date)') }}
    group by all
)

select * from final
order by date_key, hour, listener_id
