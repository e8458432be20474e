-- Over 120 lines: days without coverage make a certain and a possible length, for each of three scopes.
{{ config(materialized='table') }}
with

completeness as (
    select * from {{ ref('completeness') }}
),

artist_days as not materialized (
    select * from {{ ref('fct_artist_days') }}
),

artists as not materialized (
    select * from {{ ref('dim_artist') }}
),

-- A day with less than half of it covered and no play may have had one: it is unknown.
calendar as (
    select
        listener_id,
        period_start as day,
        plays > 0 as is_active,
        case when coverage_pct >= 50 then period_start end as known_day
    from completeness
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
        artist_days.listener_id,
        artists.main_genre,
        artist_days.date_key as day
    from artist_days
    inner join artists on artist_days.artist_key = artists.artist_key
    where artists.main_genre <> 'unknown'
    group by all
),

active as (
    select
        listener_id,
        'artist' as scope,
        artist_key as name_key,
        date_key as day,
        day_number
    from artist_days
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
        certain.*,
        first_days.known_before + 1 as possible_from,
        last_days.known_after - 1 as possible_until,
        last_days.last_day
    from certain
    inner join days as first_days
        on certain.listener_id = first_days.listener_id and certain.started_on = first_days.day
    inner join days as last_days on certain.listener_id = last_days.listener_id and certain.ended_on = last_days.day
    where
        certain.scope = 'overall'
        or certain.certain_days >= 2
        or first_days.known_before < certain.started_on - 1
        or last_days.known_after > certain.ended_on + 1
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
        spanned.scope,
        coalesce(artists.artist_name, spanned.name_key) as name,
        spanned.certain_days,
        cast(spanned.possibly_until - spanned.possibly_from + 1 as integer) as possible_days,
        spanned.started_on,
        spanned.ended_on,
        spanned.ended_on >= spanned.last_day - 1 as is_ongoing,
        spanned.name_key,
        spanned.listener_id
    from spanned
    left join artists on if(spanned.scope = 'artist', spanned.name_key, null) = artists.artist_key
    where spanned.scope = 'overall' or spanned.certain_days >= 2
)

select * from final
order by scope = 'overall' desc, scope, certain_days desc, started_on desc, name_key
