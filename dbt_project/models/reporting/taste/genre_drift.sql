-- Over 120 lines: each month is compared genre by genre with the twelve months before it.
{{
    config(
        materialized='table',
        meta={
            'follows': ['fct_periods', 'fct_artist_days'],
            'part': {'since': 'period_start', 'unit': 'month'},
        }
    )
}}
with

artist_days as (
    select * from {{ ref('fct_artist_days') }}
    where {{ is_read_for_part('date_key', months_before=12) }}
),

artist_genres as (
    select * from {{ ref('bridge_artist_genres') }}
),

genres as (
    select * from {{ ref('dim_genre') }}
),

periods as (
    select * from {{ ref('fct_periods') }}
    where period_type = 'month' and is_complete_period and coverage_pct >= 50
),

by_artist as (
    select
        listener_id,
        artist_key,
        cast(date_trunc('month', date_key) as date) as month,
        sum(plays) as plays
    from artist_days
    group by all
),

by_genre as (
    select
        by_artist.listener_id,
        by_artist.month,
        genres.genre_name,
        cast(sum(by_artist.plays * cast(round(1000000 * artist_genres.weight) as bigint)) as bigint) as millionths
    from by_artist
    inner join artist_genres on by_artist.artist_key = artist_genres.artist_key
    inner join genres on artist_genres.genre_key = genres.genre_key
    where genres.genre_key <> 0
    group by all
),

year_before as (
    select
        listener_id,
        cast(month + to_months(cast(unnest(range(1, 13)) as integer)) as date) as month,
        genre_name,
        millionths
    from by_genre
),

-- Shares of a month and of the twelve before it, genre by genre.
both_spans as (
    select
        *,
        millionths as plays_now,
        0 as plays_before
    from by_genre
    union all by name
    select
        *,
        0 as plays_now,
        millionths as plays_before
    from year_before
),

compared as (
    select
        listener_id,
        month,
        genre_name,
        sum(plays_now) as plays_now,
        sum(plays_before) as plays_before
    from both_spans
    group by all
),

shares as (
    select
        *,
        plays_now / sum(plays_now) over one_month as share_now,
        plays_before / sum(plays_before) over one_month as share_before,
        sum(plays_now) over one_month as plays_now_all,
        sum(plays_before) over one_month as plays_before_all
    from compared
    window one_month as (partition by listener_id, month)
),

drift as (
    select
        listener_id,
        month,
        any_value(plays_now_all) as plays_with_genre,
        any_value(plays_before_all) as plays_with_genre_before,
        sum(
            if(share_now > 0, share_now * log2(2 * share_now / (share_now + share_before)), 0)
            + if(share_before > 0, share_before * log2(2 * share_before / (share_now + share_before)), 0)
        ) / 2 as divergence,
        arg_max(genre_name, (share_now - share_before, genre_name)) as grew_most,
        arg_min(genre_name, (share_now - share_before, genre_name)) as shrank_most
    from shares
    where plays_now_all >= 50 * 1000000 and plays_before_all >= 50 * 1000000
    group by all
),

final as (
    select
        round(greatest(drift.divergence, 0), 4) as drift,
        drift.grew_most,
        drift.shrank_most,
        cast(drift.plays_with_genre / 1000000 as decimal(18, 1)) as plays_with_genre,
        cast(drift.plays_with_genre_before / 1000000 as decimal(18, 1)) as plays_with_genre_before,
        drift.listener_id,
        periods.coverage_pct,
        periods.has_holes,
        drift.month as period_start
    from drift
    inner join periods on drift.listener_id = periods.listener_id and drift.month = periods.period_start
    where {{ is_read_for_part('drift.month') }}
)

select * from final
order by listener_id, period_start desc
