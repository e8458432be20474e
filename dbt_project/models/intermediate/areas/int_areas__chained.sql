with

areas as (
    select * from {{ ref('stg_musicbrainz__areas') }}
    where area_name is not null
),

artists as (
    select * from {{ ref('stg_musicbrainz__artists') }}
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
    from {{ ref('area_coordinates_manual') }}
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
    from {{ ref('stg_geography__area_coordinates') }}
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
            c.area_mbid,
            k.parent_area_mbid as ancestor_mbid,
            c.level + 1 as level,
            list_append(c.path, k.parent_area_mbid) as path
        from climbed as c
        inner join known as k on c.ancestor_mbid = k.area_mbid
        where k.parent_area_mbid is not null and c.level < 10 and not list_contains(c.path, k.parent_area_mbid)
    )

    select
        c.area_mbid,
        c.level,
        k.* exclude (area_mbid),
        k.area_mbid as ancestor_mbid
    from climbed as c
    inner join known as k on c.ancestor_mbid = k.area_mbid
),

located as (
    select
        ch.area_mbid,
        arg_min(co, (ch.level, co.trust)) as place,
        min(ch.level) as level
    from chain as ch
    inner join coordinates as co on ch.ancestor_mbid = co.area_mbid
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
        k.area_mbid,
        k.parent_area_mbid,
        case when co.code is null then s.country_code else co.country_code end as country_code,

        k.area_name,
        k.area_type,
        s.area_path,
        s.depth,
        s.city_name,
        s.subdivision_name,
        s.subdivision_code,
        case when s.country_code is null or co.code is not null then co.country_name else s.country_area_name end
            as country_name,
        co.kind as country_kind,
        co.continent_code,
        co.continent,

        l.place.latitude as latitude,
        l.place.longitude as longitude,
        case when l.level = 0 then l.place.precision when l.level > 0 then 'parent' end as coordinates_precision,
        l.place.method as coordinates_method,
        if(l.level > 0, least(l.place.confidence, 0.6), l.place.confidence) as coordinates_confidence,
        l.place.attribution as coordinates_attribution
    from known as k
    inner join summed as s on k.area_mbid = s.area_mbid
    left join {{ ref('countries') }} as co on s.country_code = co.code
    left join located as l on k.area_mbid = l.area_mbid
)

select * from final
