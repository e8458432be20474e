{{ config(materialized='table') }}
with

heard as (
    select listener_id, artist_key, date_key as day, count(*) as plays from {{ counted_plays() }} group by all
),

scoped as (
    select listener_id, 'overall' as scope, 'overall' as name_key, day, sum(plays) as plays
    from heard
    group by all
    union all
    select listener_id, 'artist', artist_key, day, plays
    from heard
    where artist_key <> 'unknown'
),

gapped as (
    select
        *,
        lead(day) over one_name as next_day,
        sum(plays) over one_name_all as plays_all,
        max(day) over one_name_all as last_heard_on
    from scoped
    window
        one_name as (partition by listener_id, scope, name_key order by day),
        one_name_all as (partition by listener_id, scope, name_key)
),

-- Every silence of three days and more overall, and the longest of each artist with at least ten plays.
chosen as (
    select *
    from gapped
    where scope = 'overall' and next_day - day >= 3
    union all
    select *
    from gapped
    where scope = 'artist' and plays_all >= 10 and next_day is not null
    qualify row_number() over (partition by listener_id, name_key order by next_day - day desc, day) = 1
),

days as (
    select
        listener_id,
        period_start as day,
        sum(coverage_pct) over (partition by listener_id order by period_start) as covered_so_far
    from {{ ref('completeness') }}
    where period_type = 'day'
),

final as (
    select
        g.scope,
        coalesce(a.artist_name, 'overall') as name,
        cast(g.next_day - g.day as integer) as gap_days,
        g.day as silent_from,
        g.next_day as silent_until,
        cast(l.last_day - g.last_heard_on as integer) as days_since_last_play,
        g.plays_all as plays,
        case
            when g.next_day - g.day > 1
                then round((u.covered_so_far - f.covered_so_far) / (g.next_day - 1 - g.day), 1)
            else 100.0
        end as coverage_pct,
        g.name_key,
        g.listener_id
    from chosen as g
    left join {{ ref('dim_artist') }} as a on g.scope = 'artist' and a.artist_key = g.name_key
    inner join {{ ref('completeness') }} as l on l.listener_id = g.listener_id and l.period_type = 'all_time'
    inner join days as f on f.listener_id = g.listener_id and f.day = g.day
    inner join days as u on u.listener_id = g.listener_id and u.day = g.next_day - 1
)

select
    * exclude (name_key, listener_id),
    coverage_pct < 100 as is_lower_bound,
    name_key,
    listener_id
from final
order by scope = 'overall' desc, gap_days desc, silent_from desc, name_key
