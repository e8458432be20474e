with

listening_totals as (
    select * from {{ ref('fct_listening_totals') }}
),

listening_days as (
    select * from {{ ref('fct_listening_days') }}
),

coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
),

heard as (
    {{ heard_in_range('artist_key') }}
),

by_country as (
    select
        heard.listener_id,
        artists.country_name,
        min(artists.country_code) as country_code,
        min(artists.continent) as continent,
        count(*) as artists,
        cast(sum(heard.plays) as bigint) as plays,
        cast(sum(heard.ms) as bigint) as ms
    from heard
    inner join artists on heard.artist_key = artists.artist_key
    group by heard.listener_id, artists.country_name
),

totals as (
    select
        listener_id,
        sum(plays) as plays,
        sum(ms) as ms,
        coalesce(sum(plays) filter (where country_name is null), 0) as plays_unknown
    from by_country
    group by listener_id
),

ranked as (
    select
        *,
        row_number() over (partition by listener_id order by {{ ranking_order('country_name') }}) as rank
    from by_country
    where country_name is not null
    qualify {{ is_asked_rank() }}
),

covered as (
    {{ coverage_in_range() }}
),

final as (
    select
        ranked.country_name,
        ranked.plays,
        {{ minutes('ranked.ms') }} as minutes,
        ranked.rank,
        {{ percent('ranked.plays', 'totals.plays') }} as plays_pct,
        {{ percent('ranked.ms', 'totals.ms') }} as minutes_pct,
        {{ percent('totals.plays_unknown', 'totals.plays') }} as unknown_pct,
        ranked.artists,
        ranked.continent,
        ranked.country_code,
        ranked.listener_id,
        covered.coverage_pct,
        covered.has_holes,
        covered.first_day,
        covered.last_day
    from ranked
    inner join totals on ranked.listener_id = totals.listener_id
    left join covered on ranked.listener_id = covered.listener_id
)

select * from final
order by listener_id, rank
