{{ config(materialized='table') }}
with

completeness as not materialized (
    select * from {{ ref('completeness') }}
),

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
),

days as (
    select
        listener_id,
        period_start as day,
        plays,
        lead(period_start) over (partition by listener_id order by period_start) as next_day
    from completeness
    where period_type = 'day' and plays > 0
),

-- Every silence of three days and more overall, and the longest of each artist with at least ten plays.
silences as (
    select
        listener_id,
        'overall' as scope,
        'overall' as name_key,
        day as silent_from,
        next_day as silent_until
    from days
    where next_day - day >= 3
),

by_artist as (
    select
        listener_id,
        artist_key,
        sum(plays) as plays,
        max(date_key) as last_heard_on,
        arg_max(date_key, (next_date_key - date_key, -(date_key - date '1970-01-01')))
        filter (where next_date_key is not null) as silent_from,
        max(next_date_key - date_key) as gap_days
    from artist_days
    where artist_key <> 'unknown'
    group by all
    having sum(plays) >= 10 and max(next_date_key - date_key) is not null
),

chosen as (
    select
        silences.*,
        cast(silences.silent_until - silences.silent_from as integer) as gap_days,
        (
            select max(days.day) from days
            where days.listener_id = silences.listener_id
        ) as last_heard_on,
        (
            select sum(days.plays) from days
            where days.listener_id = silences.listener_id
        ) as plays
    from silences
    union all by name
    select
        listener_id,
        'artist' as scope,
        artist_key as name_key,
        silent_from,
        silent_from + cast(gap_days as integer) as silent_until,
        cast(gap_days as integer) as gap_days,
        last_heard_on,
        plays
    from by_artist
),

final as (
    select
        chosen.scope,
        coalesce(artists.artist_name, 'overall') as name,
        chosen.gap_days,
        chosen.silent_from,
        chosen.silent_until,
        cast(completeness.last_day - chosen.last_heard_on as integer) as days_since_last_play,
        chosen.plays,
        {{ coverage_columns('coverage') }},
        chosen.name_key,
        chosen.listener_id
    from chosen
    left join artists on if(chosen.scope = 'artist', chosen.name_key, null) = artists.artist_key
    inner join completeness on chosen.listener_id = completeness.listener_id and completeness.period_type = 'all_time'
    inner join {{ coverage_between('chosen', 'silent_from + 1', 'silent_until - 1') }} as coverage
        on
            chosen.listener_id = coverage.listener_id
            and coverage.first_day = chosen.silent_from + 1
            and coverage.last_day = chosen.silent_until - 1
)

select * from final
order by scope = 'overall' desc, gap_days desc, silent_from desc, name_key
