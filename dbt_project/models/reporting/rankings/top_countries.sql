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

countries as (
    select
        coalesce(country_name, 'unknown') as country_name,
        min(country_code) as country_code,
        min(continent) as continent
    from artists
    group by all
),

ids as (
    select
        country_name,
        cast(row_number() over (order by country_name) as integer) as id
    from countries
),

-- One row per listener, local day and country.
days as (
    select
        artist_days.listener_id,
        artist_days.date_key as day,
        ids.id,
        sum(artist_days.plays) as plays,
        sum(artist_days.ms_played) as ms
    from artist_days
    inner join artists on artist_days.artist_key = artists.artist_key
    inner join ids on ids.country_name = coalesce(artists.country_name, 'unknown')
    group by all
),

{{ rank_in_periods() }},

final as (
    select
        periods.period_type,
        periods.period_start,
        ranked.rank,
        countries.country_code,
        coalesce(countries.continent, 'unknown') as continent,
        ranked.plays,
        {{ minutes('ranked.ms') }} as minutes,
        {{ percent('ranked.plays', 'periods.plays') }} as plays_pct,
        ranked.rank_by_minutes,
        {{ coverage_columns('periods') }},
        ids.country_name,
        periods.listener_id,
        ranked.period_id
    from ranked
    inner join periods on ranked.period_id = periods.period_id
    inner join ids on ranked.id = ids.id
    inner join countries on ids.country_name = countries.country_name
)

select * exclude (period_id) from final
order by period_id, rank
