with

completeness as (
    select * from {{ ref('completeness') }}
),

artists as not materialized (
    select * from {{ ref('dim_artist') }}
),

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

ids as (
    select
        artist_key,
        cast(row_number() over (order by artist_key) as integer) as id
    from artists
),

-- One row per listener, local day and artist.
days as (
    select
        artist_days.listener_id,
        artist_days.date_key as day,
        ids.id,
        artist_days.plays,
        artist_days.ms_played as ms
    from artist_days
    inner join ids on artist_days.artist_key = ids.artist_key
),

{{ rank_in_periods() }},

final as (
    select
        periods.period_type,
        periods.period_start,
        ranked.rank,
        artists.artist_name,
        ranked.plays,
        {{ minutes('ranked.ms') }} as minutes,
        {{ percent('ranked.plays', 'periods.plays') }} as plays_pct,
        ranked.rank_by_minutes,
        {{ coverage_columns('periods') }},
        ids.artist_key,
        periods.listener_id,
        ranked.period_id
    from ranked
    inner join periods on ranked.period_id = periods.period_id
    inner join ids on ranked.id = ids.id
    inner join artists on ids.artist_key = artists.artist_key
)

select * exclude (period_id) from final
order by period_id, rank
