{{ config(materialized='view') }}
with

clock as (
    select {{ utc_now() }} as now_at
),

-- The listener's clock as it was at the newest play; a view of the published file has no time zones to ask.
clocks as (
    select
        listener_id,
        arg_max(local_started_at - started_at, started_at) as utc_offset
    from {{ ref('fct_plays') }}
    group by all
),

hours as (
    select
        l.listener_id,
        c.now_at,
        c.now_at - to_hours(h.hours_ago + 1) as hour_from,
        c.now_at - to_hours(h.hours_ago) as hour_until,
        cast(c.now_at - to_hours(h.hours_ago + 1) + coalesce(o.utc_offset, interval 0 hour) as date) as local_day,
        h.hours_ago
    -- In this order: DuckDB writes a cross join as a comma, which binds less than the left join.
    from {{ ref('completeness') }} as l
    left join clocks as o on l.listener_id = o.listener_id
    cross join clock as c
    cross join range(24) as h (hours_ago)
    where l.period_type = 'all_time'
),

plays as (
    select
        p.*,
        a.artist_name
    from {{ counted_plays() }} as p
    inner join clock as c on p.started_at >= c.now_at - interval 24 hour and p.started_at < c.now_at
    inner join {{ ref('dim_artist') }} as a on p.artist_key = a.artist_key
),

final as (
    select
        h.hours_ago,
        h.hour_from,
        h.hour_until,
        count(p.play_key) as plays,
        coalesce({{ minutes('sum(p.ms_played)') }}, 0) as minutes,
        count(distinct p.recording_key) as tracks,
        count(distinct p.artist_key) as artists,
        mode(p.artist_name order by p.artist_name) as top_artist,
        any_value(c.coverage_pct) as coverage_pct,
        any_value(c.is_lower_bound) as is_lower_bound,
        h.listener_id
    from hours as h
    left join plays as p
        on h.listener_id = p.listener_id and h.hour_from <= p.started_at and h.hour_until > p.started_at
    left join {{ ref('completeness') }} as c
        on h.listener_id = c.listener_id and c.period_type = 'day' and h.local_day = c.period_start
    group by h.listener_id, h.hours_ago, h.hour_from, h.hour_until
)

select * from final
order by listener_id, hours_ago
