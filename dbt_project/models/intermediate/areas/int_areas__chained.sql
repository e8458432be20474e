-- Over 120 lines: the chain of each area is climbed once, and all that a chain gives (path, city, country,
-- coordinates) is read from it.
with

areas as (
    select * from {{ ref('stg_musicbrainz__areas') }}
    where area_name is not null
),

artists as (
    select * from {{ ref('stg_musicbrainz__artists') }}
),

area_coordinates_manual as (
    select * from {{ ref('area_coordinates_manual') }}
),

area_coordinates as (
    select * from {{ ref('stg_geography__area_coordinates') }}
),

countries as (
    select * from {{ ref('countries') }}
),

coordinates as (
    select
        area_mbid,
        latitude,
        longitude,
        precision,
        'manual' as method,
        1.0 as confidence,
        null as attribution,
        1 as trust
    from area_coordinates_manual
    union all
    select
        area_mbid,
        latitude,
        longitude,
        precision,
        method,
        confidence,
        attribution,
        2 as trust
    from area_coordinates
    where status = 'found' and latitude is not null and longitude is not null
),

-- An area is known because it was read, or because an artist or a child names it.
mentioned as (
    select
        area_mbid,
        area_name,
        area_type,
        parent_area_mbid,
        own_country_code,
        own_subdivision_code,
        country_code,
        1 as trust
    from areas
    union all by name
    select
        parent_area_mbid as area_mbid,
        parent_area_name as area_name,
        parent_area_type as area_type,
        2 as trust
    from areas
    where parent_area_name is not null
    union all by name
    select
        area_mbid,
        area_name,
        area_type,
        3 as trust
    from artists
    where area_name is not null
    union all by name
    select
        begin_area_mbid as area_mbid,
        begin_area_name as area_name,
        begin_area_type as area_type,
        3 as trust
    from artists
    where begin_area_name is not null
),

known as (
    select * exclude (trust)
    from mentioned
    where area_mbid is not null
    qualify row_number() over (partition by area_mbid order by trust, area_name, area_type) = 1
),

-- Nearest first; `path` ends circles.
chain as (
    with recursive climbed as (
        select
            area_mbid,
            area_mbid as ancestor_mbid,
            0 as level,
            [area_mbid] as path
        from known
        union all
        select
            climbed.area_mbid,
            known.parent_area_mbid as ancestor_mbid,
            climbed.level + 1 as level,
            list_append(climbed.path, known.parent_area_mbid) as path
        from climbed
        inner join known on climbed.ancestor_mbid = known.area_mbid
        where
            known.parent_area_mbid is not null
            and climbed.level < 10
            and not list_contains(climbed.path, known.parent_area_mbid)
    )

    select
        climbed.area_mbid,
        climbed.level,
        known.* exclude (area_mbid),
        known.area_mbid as ancestor_mbid
    from climbed
    inner join known on climbed.ancestor_mbid = known.area_mbid
),

located as (
    select
        chain.area_mbid,
        arg_min(coordinates, (chain.level, coordinates.trust)) as place,
        min(chain.level) as level
    from chain
    inner join coordinates on chain.ancestor_mbid = coordinates.area_mbid
    group by all
),

summed as (
    select
        area_mbid,
        string_agg(area_name, ' > ' order by level) as area_path,
        max(level) as depth,
        coalesce(
            arg_min(area_name, level) filter (where area_type = 'City'),
            arg_min(area_name, level) filter (where area_type = 'Municipality')
        ) as city_name,
        arg_min(area_name, level) filter (
            where own_country_code is null and (own_subdivision_code is not null or area_type = 'Subdivision')
        ) as subdivision_name,
        arg_min(own_subdivision_code, level) filter (
            where own_subdivision_code is not null and own_country_code is null
        ) as subdivision_code,
        upper(arg_min(coalesce(own_country_code, country_code), level) filter (
            where coalesce(own_country_code, country_code) is not null
        )) as country_code,
        arg_min(area_name, level) filter (where area_type = 'Country') as country_area_name
    from chain
    group by all
),

final as (
    select
        known.area_mbid,
        known.parent_area_mbid,
        case when countries.code is null then summed.country_code else countries.country_code end as country_code,

        known.area_name,
        known.area_type,
        summed.area_path,
        summed.depth,
        summed.city_name,
        summed.subdivision_name,
        summed.subdivision_code,
        case
            when summed.country_code is null or countries.code is not null then countries.country_name
            else summed.country_area_name
        end as country_name,
        countries.kind as country_kind,
        countries.continent_code,
        countries.continent,

        located.place.latitude as latitude,
        located.place.longitude as longitude,
        case when located.level = 0 then located.place.precision when located.level > 0 then 'parent' end
            as coordinates_precision,
        located.place.method as coordinates_method,
        if(located.level > 0, least(located.place.confidence, 0.6), located.place.confidence) as coordinates_confidence,
        located.place.attribution as coordinates_attribution
    from known
    inner join summed on known.area_mbid = summed.area_mbid
    left join countries on summed.country_code = countries.code
    left join located on known.area_mbid = located.area_mbid
)

select * from final
