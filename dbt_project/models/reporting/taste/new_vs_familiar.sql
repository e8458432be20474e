{%- set period_types = ['week', 'month', 'year', 'all_time'] %}
with

all_time as (
    select
        listener_id,
        period_start
    from {{ ref('completeness') }}
    where period_type = 'all_time'
),

heard as (
    select
        *,
        date_key as day,
        date_key - first_date_key as days_known,
        date_key - previous_date_key as days_silent
    from {{ ref('fct_artist_days') }}
    where artist_key <> 'unknown'
),

first_plays as (
    select
        p.listener_id,
        p.artist_key,
        p.date_key,
        arg_min(p.ms_played, (p.started_at, p.play_key)) as ms
    from {{ counted_plays() }} as p
    inner join heard as h
        on
            p.listener_id = h.listener_id
            and p.artist_key = h.artist_key
            and p.date_key = h.date_key
            and h.days_known = 0
    group by all
),

days as (
    select
        h.listener_id,
        h.day,
        sum(h.plays) as plays,
        sum(h.ms_played) as ms,
        count(*) filter (where h.days_known = 0) as plays_new,
        coalesce(sum(f.ms), 0) as ms_new,
        coalesce(sum(h.plays) filter (where h.days_known <= 30), 0) as plays_young,
        coalesce(sum(h.ms_played) filter (where h.days_known <= 30), 0) as ms_young,
        count(*) filter (where h.days_silent >= 180) as rediscoveries
    from heard as h
    left join first_plays as f
        on h.listener_id = f.listener_id and h.artist_key = f.artist_key and h.date_key = f.date_key
    group by h.listener_id, h.day
),

in_periods as (
    {{
        in_periods('days', [], {
            'plays': 'sum(d.plays)',
            'ms': 'sum(d.ms)',
            'plays_new': 'sum(d.plays_new)',
            'ms_new': 'sum(d.ms_new)',
            'plays_young': 'sum(d.plays_young)',
            'ms_young': 'sum(d.ms_young)',
            'rediscoveries': 'sum(d.rediscoveries)',
        }, period_types)
    }}
),

artists as (
    {{ in_periods('heard', [], {'artists': 'count(distinct d.artist_key)'}, period_types) }}
),

final as (
    select
        p.period_type,
        p.period_start,
        p.plays_new as new_artists,
        n.artists,
        case when p.period_start >= a.period_start + 90 then {{ percent('p.plays_new', 'n.artists') }} end
            as discovery_rate_pct,
        p.plays_new,
        p.plays_young - p.plays_new as plays_recent,
        p.plays - p.plays_young as plays_familiar,
        p.rediscoveries,
        {{ minutes('p.ms_new') }} as minutes_new,
        {{ minutes('p.ms_young - p.ms_new') }} as minutes_recent,
        {{ minutes('p.ms - p.ms_young') }} as minutes_familiar,
        case when p.period_start >= a.period_start + 90 then {{ percent('p.plays - p.plays_young', 'p.plays') }} end
            as familiar_pct,
        p.period_start < a.period_start + 90 as is_warm_up,
        {{ coverage_columns('c') }},
        p.listener_id
    from in_periods as p
    inner join artists as n
        on p.listener_id = n.listener_id and p.period_type = n.period_type and p.period_start = n.period_start
    inner join {{ ref('completeness') }} as c
        on p.listener_id = c.listener_id and p.period_type = c.period_type and p.period_start = c.period_start
    inner join all_time as a on p.listener_id = a.listener_id
)

select * from final
order by {{ period_order() }}
