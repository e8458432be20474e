with

plays as (
    select
        listener_id,
        artist_key,
        sum(plays) as plays,
        sum(ms_played) as ms
    from {{ ref('fct_artist_days') }}
    group by all
),

-- Artists of one area may be of several countries, where the area itself is in none (Europe), and where it is unknown.
places as (
    select
        p.listener_id,
        coalesce(a.country_name, 'unknown') as country_name,
        a.country_code,
        coalesce(a.continent, 'unknown') as continent,
        a.subdivision_name,
        a.city_name,
        coalesce(a.origin_area_name, 'unknown') as place_name,
        a.origin_area_key,
        any_value(a.latitude) as latitude,
        any_value(a.longitude) as longitude,
        any_value(a.coordinates_precision) as coordinates_precision,
        count(*) as artists,
        count(*) filter (where a.origin_source = 'begin_area') as artists_by_begin_area,
        arg_max(a.artist_name, (p.plays, a.artist_name)) as top_artist,
        sum(p.plays) as plays,
        sum(p.ms) as ms
    from plays as p
    inner join {{ ref('dim_artist') }} as a on p.artist_key = a.artist_key
    group by all
),

final as (
    select
        row_number() over (
            partition by p.listener_id order by p.plays desc, p.origin_area_key, p.country_name, p.continent
        ) as rank,
        p.place_name,
        p.city_name,
        p.subdivision_name,
        p.country_name,
        p.country_code,
        p.continent,
        p.latitude,
        p.longitude,
        p.coordinates_precision,
        p.artists,
        p.artists_by_begin_area,
        p.top_artist,
        p.plays,
        {{ minutes('p.ms') }} as minutes,
        {{ percent('p.plays', 'c.plays') }} as plays_pct,
        {{ coverage_columns('c') }},
        p.origin_area_key,
        p.listener_id
    from places as p
    inner join {{ ref('completeness') }} as c on p.listener_id = c.listener_id and c.period_type = 'all_time'
)

select * from final
order by listener_id, rank
