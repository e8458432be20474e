{{ config(materialized='table') }}
with

all_time as (
    select listener_id, period_start from {{ ref('completeness') }} where period_type = 'all_time'
),

days as (
    select listener_id, cast(date_trunc('month', date_key) as date) as day, artist_key, recording_key, count(*) as plays
    from {{ counted_plays() }}
    group by all
),

by_artist as (
    {{ in_periods('days', ['artist_key'], {'plays': 'sum(d.plays)'}, ['month', 'year', 'all_time']) }}
),

tracks as (
    {{ in_periods('days', [], {'tracks': 'count(distinct d.recording_key)'}, ['month', 'year', 'all_time']) }}
),

shares as (
    select
        *,
        plays / sum(plays) over one_period as share,
        row_number() over (one_period order by plays desc, artist_key) as rank
    from by_artist
    window one_period as (partition by listener_id, period_type, period_start)
),

entropy as (
    select
        listener_id,
        period_type,
        period_start,
        sum(plays) as plays,
        count(*) as artists,
        exp(-sum(share * ln(share))) as effective_artists,
        sum(share) filter (where rank <= 10) as top_10_share
    from shares
    group by all
),

final as (
    select
        e.period_type,
        e.period_start,
        e.plays,
        e.artists,
        t.tracks,
        round(e.effective_artists, 1) as effective_artists,
        round(100 * e.top_10_share, 1) as top_10_pct,
        {{ coverage_columns('c') }},
        e.listener_id
    from entropy as e
    inner join tracks as t
        on t.listener_id = e.listener_id and t.period_type = e.period_type and t.period_start = e.period_start
    inner join {{ ref('completeness') }} as c
        on c.listener_id = e.listener_id and c.period_type = e.period_type and c.period_start = e.period_start
)

select * from final
order by {{ period_order() }}
