{{
    config(
        materialized='table',
        meta={
            'follows': ['fct_periods', 'fct_plays', 'fct_artist_days', 'dim_artist'],
            'part': {'since': 'period_start', 'unit': 'month'},
        }
    )
}}
with

artist_days as (
    select * from {{ ref('fct_artist_days') }}
    where {{ is_read_for_part('date_key') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
    where not is_special_purpose
),

periods as (
    select * from {{ ref('fct_periods') }}
),

plays as (
    select * from {{ ref('fct_plays') }}
    where is_counted and {{ is_read_for_part('date_key') }}
),

all_time as (
    select
        listener_id,
        first_day + 90 as warm_until
    from periods
    where period_type = 'all_time'
),

heard as (
    select
        artist_days.*,
        artists.artist_key as known_key,
        {{ period_start('month', 'artist_days.date_key') }} as month_start,
        artist_days.date_key - artist_days.first_date_key as days_known,
        artist_days.date_key - artist_days.previous_date_key as days_silent,
        artist_days.date_key < all_time.warm_until as is_masked
    from artist_days
    inner join artists on artist_days.artist_key = artists.artist_key
    inner join all_time on artist_days.listener_id = all_time.listener_id
),

first_plays as (
    select
        plays.listener_id,
        plays.artist_key,
        arg_min(plays.ms_played, (plays.started_at, plays.play_key)) as ms
    from plays
    semi join heard
        on
            plays.listener_id = heard.listener_id
            and plays.artist_key = heard.known_key
            and plays.date_key = heard.date_key
            and heard.days_known = 0
    group by all
),

-- In the first 90 days of the data everybody looks new: these plays are counted, and sorted into no group.
by_month as (
    select
        heard.listener_id,
        heard.month_start,
        count(*) filter (where heard.days_known = 0 and not heard.is_masked) as new_artists,
        coalesce(sum(heard.plays) filter (where not heard.is_masked and heard.days_known <= 30), 0) as plays_young,
        coalesce(sum(heard.ms_played) filter (where not heard.is_masked and heard.days_known <= 30), 0) as ms_young,
        coalesce(sum(heard.plays) filter (where not heard.is_masked), 0) as plays_sorted,
        coalesce(sum(heard.ms_played) filter (where not heard.is_masked), 0) as ms_sorted,
        coalesce(sum(heard.plays) filter (where heard.is_masked), 0) as plays_masked,
        coalesce(sum(first_plays.ms) filter (where heard.days_known = 0 and not heard.is_masked), 0) as ms_new,
        count(*) filter (where heard.days_silent >= 180) as rediscoveries,
        count(distinct if(heard.is_masked, null, heard.artist_key)) as artists
    from heard
    left join first_plays
        on
            heard.listener_id = first_plays.listener_id
            -- As a condition beside the keys it would make DuckDB compare every day with every artist.
            and if(heard.days_known = 0, heard.artist_key, null) = first_plays.artist_key
    group by heard.listener_id, heard.month_start
),

final as (
    select
        by_month.new_artists,
        {{ percent('by_month.plays_sorted - by_month.plays_young', 'by_month.plays_sorted') }} as familiar_pct,
        {{ percent('by_month.new_artists', 'by_month.artists') }} as discovery_rate_pct,
        by_month.new_artists as plays_new,
        cast(by_month.plays_young - by_month.new_artists as bigint) as plays_recent,
        cast(by_month.plays_sorted - by_month.plays_young as bigint) as plays_familiar,
        cast(by_month.plays_masked as bigint) as plays_masked,
        {{ minutes('by_month.ms_new') }} as minutes_new,
        {{ minutes('by_month.ms_young - by_month.ms_new') }} as minutes_recent,
        {{ minutes('by_month.ms_sorted - by_month.ms_young') }} as minutes_familiar,
        by_month.rediscoveries,
        by_month.listener_id,
        months.coverage_pct,
        months.has_holes,
        by_month.month_start as period_start
    from by_month
    left join periods as months
        on
            by_month.listener_id = months.listener_id
            and by_month.month_start = months.period_start
            and months.period_type = 'month'
)

select * from final
order by listener_id, period_start desc
