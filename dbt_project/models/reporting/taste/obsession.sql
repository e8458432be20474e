{{ config(materialized='table') }}
with

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
    where not is_special_purpose
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
    select heard.*
    from heard
    semi join artists on heard.artist_key = artists.artist_key
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

-- Seven days that lie within the data and are at least half covered.
totals as (
    select
        coverage.listener_id,
        coverage.date_key as day,
        sum(coalesce(daily.ms, 0)) over week_before as ms,
        count(*) over week_before as days,
        {{ percent('sum(coverage.covered_minutes) over week_before', 'sum(coverage.known_minutes) over week_before') }}
            as coverage_pct,
        bool_or(coverage.has_holes) over week_before as has_holes
    from coverage
    left join daily on coverage.listener_id = daily.listener_id and coverage.date_key = daily.day
    window week_before as (
        partition by coverage.listener_id order by coverage.date_key
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
        totals.has_holes
    from windows
    inner join totals on windows.listener_id = totals.listener_id and windows.day = totals.day
    where windows.plays >= 10 and windows.ms > 0 and totals.days = 7 and totals.coverage_pct >= 50
    qualify row_number() over (
        partition by windows.listener_id, windows.artist_key
        order by windows.ms / totals.ms desc, windows.plays desc, windows.day
    ) = 1
),

final as (
    select
        artists.artist_name,
        {{ percent('best.ms', 'best.ms_all') }} as obsession_pct,
        cast(best.plays as bigint) as plays,
        {{ minutes('best.ms') }} as minutes,
        row_number() over (
            partition by best.listener_id order by best.ms / best.ms_all desc, best.ms desc, best.artist_key
        ) as rank,
        best.listener_id,
        best.coverage_pct,
        best.has_holes,
        best.day - 6 as week_from,
        best.day as week_until
    from best
    inner join artists on best.artist_key = artists.artist_key
)

select * from final
order by listener_id, rank
