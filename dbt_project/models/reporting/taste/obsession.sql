{{ config(materialized='table') }}
with

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

completeness as (
    select * from {{ ref('completeness') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
),

heard as (
    select
        listener_id,
        artist_key,
        date_key as day,
        plays,
        ms_played as ms
    from artist_days
),

-- Only days with ten plays of the artist within six days of them can be part of seven days with ten.
played_enough as (
    select *
    from heard
    where artist_key <> 'unknown'
    qualify sum(plays) over (
        partition by listener_id, artist_key order by day
        range between interval 6 days preceding and interval 6 days following
    ) >= 10
),

daily as (
    select
        listener_id,
        day,
        sum(ms) as ms
    from heard
    group by all
),

totals as (
    select
        completeness.listener_id,
        completeness.period_start as day,
        sum(coalesce(daily.ms, 0)) over week_before as ms,
        round(avg(completeness.coverage_pct) over week_before, 1) as coverage_pct,
        bool_or(completeness.is_lower_bound) over week_before as is_lower_bound
    from completeness
    left join daily on completeness.listener_id = daily.listener_id and completeness.period_start = daily.day
    where completeness.period_type = 'day'
    window week_before as (
        partition by completeness.listener_id order by completeness.period_start
        range between interval 6 days preceding and current row
    )
),

-- Each day counts in the seven days that end on it or up to six days later: the share may be greatest when the plays of
-- others have left them.
windows as (
    select
        played_enough.listener_id,
        played_enough.artist_key,
        played_enough.day + cast(offsets.days_later as integer) as day,
        sum(played_enough.plays) as plays,
        sum(played_enough.ms) as ms
    from played_enough
    cross join range(7) as offsets (days_later)
    group by all
),

best as (
    select
        windows.*,
        totals.ms as ms_all,
        totals.coverage_pct,
        totals.is_lower_bound
    from windows
    inner join totals on windows.listener_id = totals.listener_id and windows.day = totals.day
    where windows.plays >= 10 and windows.ms > 0
    qualify row_number() over (
        partition by windows.listener_id, windows.artist_key
        order by windows.ms / totals.ms desc, windows.plays desc, windows.day
    ) = 1
),

final as (
    select
        row_number() over (
            partition by best.listener_id order by best.ms / best.ms_all desc, best.ms desc, best.artist_key
        ) as rank,
        artists.artist_name,
        {{ percent('best.ms', 'best.ms_all') }} as obsession_pct,
        best.day - 6 as week_from,
        best.day as week_until,
        best.plays,
        {{ minutes('best.ms') }} as minutes,
        {{ coverage_columns('best') }},
        best.artist_key,
        best.listener_id
    from best
    inner join artists on best.artist_key = artists.artist_key
)

select * from final
order by listener_id, rank
