with

all_time as (
    select
        listener_id,
        period_start
    from {{ ref('completeness') }}
    where period_type = 'all_time'
),

by_recording as (
    select
        listener_id,
        recording_key,
        cast(date_trunc('year', date_key) as date) as day,
        count(*) as plays,
        sum(ms_played) as ms
    from {{ counted_plays() }}
    group by all
),

dated as (
    select
        b.listener_id,
        b.day,
        coalesce(cast(r.first_release_decade as varchar) || 's', 'unknown') as decade,
        coalesce(r.first_release_source, 'unknown') as release_source,
        sum(b.plays) as plays,
        sum(b.ms) as ms
    from by_recording as b
    inner join {{ ref('dim_recording') }} as r on b.recording_key = r.recording_key
    group by all
),

in_periods as (
    {{
        in_periods(
            'dated', ['decade', 'release_source'], {'plays': 'sum(d.plays)', 'ms': 'sum(d.ms)'}, ['year', 'all_time']
        )
    }}
),

final as (
    select
        p.period_type,
        p.period_start,
        p.decade,
        p.release_source,
        p.plays,
        {{ minutes('p.ms') }} as minutes,
        {{ percent('p.plays', 'c.plays') }} as plays_pct,
        {{ coverage_columns('c') }},
        p.listener_id
    from in_periods as p
    inner join {{ ref('completeness') }} as c
        on p.listener_id = c.listener_id and p.period_type = c.period_type and p.period_start = c.period_start
)

select * from final
order by {{ period_order() }}, decade
