with

areas as (
    select * from {{ ref('int_areas__chained') }}
),

known_areas as (
    select
        {{ surrogate_hash(["'area'", 'area_mbid']) }} as area_hash,
        {{ key_of_hash('area_hash') }} as area_key,
        area_mbid,
        parent_area_mbid,

        area_name,
        area_type,
        area_path,
        city_name,
        subdivision_name,
        subdivision_code,
        country_code,
        country_name,
        country_kind,
        continent,

        latitude,
        longitude,
        coordinates_precision,
        coordinates_method,
        coordinates_confidence,
        coordinates_attribution
    from areas
),

final as (
    select * from known_areas
    union all by name
    select
        'unknown' as area_hash,
        0 as area_key,
        'unknown' as area_name
)

select * from final
