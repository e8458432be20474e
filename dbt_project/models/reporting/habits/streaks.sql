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

genre_days as (
    select
        d.listener_id,
        a.main_genre,
        d.date_key as day
    from {{ ref('fct_artist_days') }} as d
    inner join {{ ref('dim_artist') }} as a on d.artist_key = a.artist_key
    where a.main_genre <> 'unknown'
    group by all
),

active as (
    select
        listener_id,
        'artist' as scope,
        artist_key as name_key,
        date_key as day,
        day_number
    from {{ ref('fct_artist_days') }}
    where artist_key <> 'unknown'
    union all
    select
        listener_id,
        'genre' as scope,
        main_genre as name_key,
        day,
        row_number() over (partition by listener_id, main_genre order by day) as day_number
    from genre_days
    union all
    select
        listener_id,
        'overall' as scope,
        'overall' as name_key,
        day,
        row_number() over (partition by listener_id order by day) as day_number
    from calendar
    where is_active
),

-- In a run of days, the day less its number stays the same.
certain as (
    select
        listener_id,
        scope,
        name_key,
        min(day) as started_on,
        max(day) as ended_on,
        cast(count(*) as integer) as certain_days
    from active
    group by listener_id, scope, name_key, day - cast(day_number as integer)
),

edged as (
    select
        c.*,
        s.known_before + 1 as possible_from,
        e.known_after - 1 as possible_until,
        e.last_day
    from certain as c
    inner join days as s on c.listener_id = s.listener_id and c.started_on = s.day
    inner join days as e on c.listener_id = e.listener_id and c.ended_on = e.day
    where
        c.scope = 'overall'
        or c.certain_days >= 2
        or s.known_before < c.started_on - 1
        or e.known_after > c.ended_on + 1
),

-- Runs with nothing but unknown days between them may be one.
grouped as (
    select
        *,
        coalesce(
            lag(possible_until) over (partition by listener_id, scope, name_key order by started_on) < started_on - 1,
            true
        ) as is_apart
    from edged
),

counted as (
    select
        *,
        count(*) filter (where is_apart)
            over (partition by listener_id, scope, name_key order by started_on) as possible_group
    from grouped
),

spanned as (
    select
        *,
        min(possible_from) over possible as possibly_from,
        max(possible_until) over possible as possibly_until
    from counted
    window possible as (partition by listener_id, scope, name_key, possible_group)
),

final as (
    select
        s.scope,
        coalesce(a.artist_name, s.name_key) as name,
        s.certain_days,
        cast(s.possibly_until - s.possibly_from + 1 as integer) as possible_days,
        s.started_on,
        s.ended_on,
        s.ended_on >= s.last_day - 1 as is_ongoing,
        s.name_key,
        s.listener_id
    from spanned as s
    left join {{ ref('dim_artist') }} as a on if(s.scope = 'artist', s.name_key, null) = a.artist_key
    where s.scope = 'overall' or s.certain_days >= 2
)

select * from final
order by scope = 'overall' desc, scope, certain_days desc, started_on desc, name_key
