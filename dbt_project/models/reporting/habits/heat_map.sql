-- Over 120 lines: plays are cut at the hours in three ways (none, local hours, quarters of UTC when the clock changes).
with

counted_plays as (
    select * from {{ ref('fct_plays') }}
    where {{ is_counted() }}
),

completeness as (
    select * from {{ ref('completeness') }}
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
        cast(ms_played as double) as ms
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

listened as (
    select
        listener_id,
        isodow(local_at) as weekday,
        hour(local_at) as hour,
        sum(ms) as ms
    from pieces
    group by all
),

started as (
    select
        listener_id,
        isodow(local_started_at) as weekday,
        hour(local_started_at) as hour,
        count(*) as plays
    from plays
    group by all
),

cells as (
    select
        completeness.listener_id,
        completeness.coverage_pct,
        completeness.is_lower_bound,
        completeness.plays,
        weekdays.weekday,
        hours.hour
    from completeness
    cross join range(1, 8) as weekdays (weekday)
    cross join range(24) as hours (hour)
    where completeness.period_type = 'all_time'
),

final as (
    select
        cells.weekday,
        ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'][cells.weekday] as weekday_name,
        cells.hour,
        coalesce(started.plays, 0) as plays,
        coalesce({{ minutes('listened.ms') }}, 0) as minutes,
        {{ percent('coalesce(listened.ms, 0)', 'sum(listened.ms) over (partition by cells.listener_id)') }}
            as minutes_pct,
        {{ coverage_columns('cells') }},
        cells.listener_id
    from cells
    left join started
        on cells.listener_id = started.listener_id and cells.weekday = started.weekday and cells.hour = started.hour
    left join listened
        on cells.listener_id = listened.listener_id and cells.weekday = listened.weekday and cells.hour = listened.hour
)

select * from final
order by listener_id, weekday, hour
