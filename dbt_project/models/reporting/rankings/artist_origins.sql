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

-- Where no place is known, the country or continent is the place. Artists of one area may be of several countries,
-- where the area itself is in none (Europe).
placed as (
    select
        heard.*,
        artists.artist_name,
        coalesce(artists.origin_area_name, artists.country_name, artists.continent) as place_name,
        artists.city_name,
        artists.subdivision_name,
        artists.country_name,
        artists.country_code,
        artists.continent,
        artists.latitude,
        artists.longitude,
        artists.coordinates_precision,
        artists.origin_source,
        artists.origin_area_key
    from heard
    inner join artists on heard.artist_key = artists.artist_key
),

places as (
    select
        listener_id,
        place_name,
        city_name,
        subdivision_name,
        country_name,
        country_code,
        continent,
        origin_area_key,
        any_value(latitude) as latitude,
        any_value(longitude) as longitude,
        any_value(coordinates_precision) as coordinates_precision,
        count(*) as artists,
        count(*) filter (where origin_source = 'begin_area') as artists_by_begin_area,
        arg_max(artist_name, (plays, artist_name)) as top_artist,
        cast(sum(plays) as bigint) as plays,
        cast(sum(ms) as bigint) as ms
    from placed
    group by all
),

totals as (
    select
        listener_id,
        sum(plays) as plays,
        coalesce(sum(plays) filter (where place_name is null), 0) as plays_unknown
    from places
    group by listener_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by listener_id order by plays desc, ms desc, origin_area_key desc, country_name, continent
        ) as rank
    from places
    where place_name is not null
    qualify {{ is_asked_rank() }}
),

covered as (
    {{ coverage_in_range() }}
),

final as (
    select
        ranked.place_name,
        ranked.plays,
        {{ minutes('ranked.ms') }} as minutes,
        ranked.rank,
        ranked.top_artist,
        {{ percent('ranked.plays', 'totals.plays') }} as plays_pct,
        {{ percent('totals.plays_unknown', 'totals.plays') }} as unknown_pct,
        ranked.artists,
        ranked.artists_by_begin_area,
        ranked.city_name,
        ranked.subdivision_name,
        ranked.country_name,
        ranked.country_code,
        ranked.continent,
        ranked.latitude,
        ranked.longitude,
        ranked.coordinates_precision,
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
