-- Where an artist comes from: where they were born or founded if MusicBrainz says so, else the area they belong to.
-- Without a country there is no point: a place that is found by its name alone may lie anywhere.
with

resolved as (
    select
        artist_key,
        facts_mbid
    from {{ ref('int_artists__resolved') }}
    where facts_mbid is not null
),

areas as (
    select * from {{ ref('int_areas__chained') }}
),

musicbrainz_artists as (
    select * from {{ ref('stg_musicbrainz__artists') }}
),

countries as (
    select * from {{ ref('countries') }}
),

described as (
    select
        resolved.artist_key,
        musicbrainz_artists.area_mbid,
        musicbrainz_artists.begin_area_mbid,
        musicbrainz_artists.area_name,
        musicbrainz_artists.begin_area_name,
        musicbrainz_artists.country_code,
        case
            when musicbrainz_artists.canonical_mbid in ({{ special_purpose_mbids() }}) then null
            when musicbrainz_artists.begin_area_mbid is not null then 'begin_area'
            when musicbrainz_artists.area_mbid is not null then 'area'
            when musicbrainz_artists.country_code is not null then 'country'
        end as origin_source,
        case origin_source
            when 'begin_area' then musicbrainz_artists.begin_area_mbid
            when 'area' then musicbrainz_artists.area_mbid
        end as origin_area_mbid
    from resolved
    inner join musicbrainz_artists on resolved.facts_mbid = musicbrainz_artists.mbid
),

located as (
    select
        described.artist_key,
        described.origin_area_mbid,
        described.area_mbid,
        described.begin_area_mbid,

        described.area_name,
        described.begin_area_name,
        described.origin_source,
        areas.area_name as origin_area_name,
        areas.area_type as origin_area_type,
        areas.city_name,
        areas.subdivision_name,
        areas.subdivision_code,
        coalesce(areas.country_code, countries.country_code) as country_code,
        coalesce(areas.country_name, countries.country_name) as country_name,
        coalesce(areas.continent, countries.continent) as continent,
        case
            when areas.country_name is not null then 'area'
            when countries.country_name is not null then 'artist'
        end as country_source,

        areas.latitude,
        areas.longitude,
        areas.coordinates_precision,
        areas.coordinates_method,
        areas.coordinates_confidence
    from described
    left join areas on described.origin_area_mbid = areas.area_mbid
    left join countries on if(described.origin_source is not null, described.country_code, null) = countries.code
),

final as (
    select
        * exclude (latitude, longitude, coordinates_precision, coordinates_method, coordinates_confidence),
        if(country_code is not null, latitude, null) as latitude,
        if(country_code is not null, longitude, null) as longitude,
        if(country_code is not null, coordinates_precision, null) as coordinates_precision,
        if(country_code is not null, coordinates_method, null) as coordinates_method,
        if(country_code is not null, coordinates_confidence, null) as coordinates_confidence
    from located
)

select * from final
