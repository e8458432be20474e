{{ config(materialized='table') }}
with

-- A day with less than half of it covered and no play may have had one: it is unknown.
calendar as (
    select
        listener_id,
        period_start as day,
        plays > 0 as is_active,
        case when coverage_pct >= 50 then period_start end as known_day
    from {{ ref('completeness') }}
    where period_type = 'day'
),

days as (
    select
        *,
        coalesce(max(known_day) over earlier, min(day) over (partition by listener_id) - 1) as known_before,
        coalesce(min(known_day) over later, max(day) over (partition by listener_id) + 1) as known_after,
        max(day) over (partition by listener_id) as last_day
    from calendar
    window
        earlier as (partition by listener_id order by day rows between unbounded preceding and 1 preceding),
        later as (partition by listener_id order by day rows between 1 following and unbounded following)
),

plays as (
    select p.listener_id, p.date_key as day, p.artist_key, a.artist_name, a.main_genre
    from (select listener_id, date_key, artist_key from {{ counted_plays() }} group by all) as p
    inner join {{ ref('dim_artist') }} as a on a.artist_key = p.artist_key
),

active as (
    select listener_id, 'overall' as scope, 'overall' as name_key, 'overall' as name, day
    from calendar
    where is_active
    union all
    select listener_id, 'artist', artist_key, artist_name, day
    from plays
    union all
    select listener_id, 'genre', main_genre, main_genre, day
    from plays
    where main_genre <> 'unknown'
    group by all
),

numbered as (
    select
        *,
        day - cast(row_number() over (partition by listener_id, scope, name_key order by day) as integer) as island
    from active
),

certain as (
    select
        listener_id, scope, name_key, any_value(name) as name,
        min(day) as started_on, max(day) as ended_on, cast(count(*) as integer) as certain_days
    from numbered
    group by listener_id, scope, name_key, island
),

-- Two streaks with nothing but unknown days between them may be one.
edged as (
    select
        c.*,
        s.known_before + 1 as possible_from,
        e.known_after - 1 as possible_until,
        e.last_day,
        coalesce(
            lag(e.known_after) over (partition by c.listener_id, c.scope, c.name_key order by c.started_on)
            < c.started_on, true
        ) as is_apart
    from certain as c
    inner join days as s on s.listener_id = c.listener_id and s.day = c.started_on
    inner join days as e on e.listener_id = c.listener_id and e.day = c.ended_on
),

grouped as (
    select
        *,
        count(*) filter (where is_apart)
            over (partition by listener_id, scope, name_key order by started_on) as possible_group
    from edged
),

final as (
    select
        scope,
        name,
        certain_days,
        cast(
            max(possible_until) over possible - min(possible_from) over possible + 1 as integer
        ) as possible_days,
        started_on,
        ended_on,
        ended_on >= last_day - 1 as is_ongoing,
        name_key,
        listener_id
    from grouped
    window possible as (partition by listener_id, scope, name_key, possible_group)
)

select * from final
where scope = 'overall' or certain_days >= 2
order by scope = 'overall' desc, scope, certain_days desc, started_on desc, name_key
