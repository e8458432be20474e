{{ config(materialized='table') }}
with

all_time as (
    select listener_id, period_start from {{ ref('completeness') }} where period_type = 'all_time'
),

heard as (
    select listener_id, artist_key, date_key as day, count(*) as plays, sum(ms_played) as ms
    from {{ counted_plays() }}
    where artist_key <> 'unknown'
    group by all
),

firsts as (
    select
        listener_id,
        artist_key,
        min(date_key) as first_day,
        arg_min(ms_played, (started_at, play_key)) as first_ms
    from {{ counted_plays() }}
    group by all
),

known as (
    select
        h.*,
        f.first_day,
        f.first_ms,
        h.day - f.first_day as days_known,
        h.day - lag(h.day) over (partition by h.listener_id, h.artist_key order by h.day) as days_silent
    from heard as h
    inner join firsts as f on f.listener_id = h.listener_id and f.artist_key = h.artist_key
),

days as (
    select
        listener_id,
        day,
        sum(plays) as plays,
        sum(ms) as ms,
        count(*) filter (where days_known = 0) as plays_new,
        coalesce(sum(first_ms) filter (where days_known = 0), 0) as ms_new,
        coalesce(sum(plays) filter (where days_known <= 30), 0) as plays_young,
        coalesce(sum(ms) filter (where days_known <= 30), 0) as ms_young,
        count(*) filter (where days_silent >= 180) as plays_rediscovering
    from known
    group by all
),

in_periods as (
    {{
        in_periods(
            'days', [],
            {
                'plays': 'sum(d.plays)', 'ms': 'sum(d.ms)', 'plays_new': 'sum(d.plays_new)', 'ms_new': 'sum(d.ms_new)',
                'plays_young': 'sum(d.plays_young)', 'ms_young': 'sum(d.ms_young)',
                'rediscoveries': 'sum(d.plays_rediscovering)',
            },
            ['week', 'month', 'year', 'all_time']
        )
    }}
),

artists as (
    {{
        in_periods(
            'heard', [], {'artists': 'count(distinct d.artist_key)'}, ['week', 'month', 'year', 'all_time']
        )
    }}
),

final as (
    select
        p.period_type,
        p.period_start,
        p.plays_new as new_artists,
        n.artists,
        case when p.period_start >= a.period_start + 90 then {{ percent('p.plays_new', 'n.artists') }} end as discovery_rate_pct,
        p.plays_new,
        p.plays_young - p.plays_new as plays_recent,
        p.plays - p.plays_young as plays_familiar,
        p.rediscoveries,
        {{ minutes('p.ms_new') }} as minutes_new,
        {{ minutes('p.ms_young - p.ms_new') }} as minutes_recent,
        {{ minutes('p.ms - p.ms_young') }} as minutes_familiar,
        case when p.period_start >= a.period_start + 90 then {{ percent('p.plays - p.plays_young', 'p.plays') }} end as familiar_pct,
        p.period_start < a.period_start + 90 as is_warm_up,
        {{ coverage_columns('c') }},
        p.listener_id
    from in_periods as p
    inner join artists as n
        on n.listener_id = p.listener_id and n.period_type = p.period_type and n.period_start = p.period_start
    inner join {{ ref('completeness') }} as c
        on c.listener_id = p.listener_id and c.period_type = p.period_type and c.period_start = p.period_start
    inner join all_time as a on a.listener_id = p.listener_id
)

select * from final
order by {{ period_order() }}
