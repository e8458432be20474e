with

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
    from {{ counted_plays() }}
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
        c.listener_id,
        c.coverage_pct,
        c.is_lower_bound,
        c.plays,
        d.weekday,
        h.hour
    from {{ ref('completeness') }} as c
    cross join range(1, 8) as d (weekday)
    cross join range(24) as h (hour)
    where c.period_type = 'all_time'
),

final as (
    select
        c.weekday,
        ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'][c.weekday] as weekday_name,
        c.hour,
        coalesce(s.plays, 0) as plays,
        coalesce({{ minutes('l.ms') }}, 0) as minutes,
        {{ percent('coalesce(l.ms, 0)', 'sum(l.ms) over (partition by c.listener_id)') }} as minutes_pct,
        {{ coverage_columns('c') }},
        c.listener_id
    from cells as c
    left join started as s on c.listener_id = s.listener_id and c.weekday = s.weekday and c.hour = s.hour
    left join listened as l on c.listener_id = l.listener_id and c.weekday = l.weekday and c.hour = l.hour
)

select * from final
order by listener_id, weekday, hour
