-- Where an artist comes from: where they were born or founded if MusicBrainz says so, else the area they belong to.
-- Without a country there is no point: a place that is found by its name alone may lie anywhere.
{%- set special_purpose_artists %}
    '89ad4ac3-39f7-470e-963a-56509c546377', '125ec42a-7229-4250-afc5-e057484327fe',
    'f731ccc4-e22a-43af-a747-64213329e088', 'eec63d3c-3b81-4ad4-b1e4-7c147d4d2b61',
    '9be7f096-97ec-4615-8957-8d40b5dcbc41', '33cf029c-63b0-41a0-9855-be2a3665fb3b',
    '314e1c25-dde7-4e4d-b2f4-0a7b9f7c56dc'
{%- endset %}
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
            when musicbrainz_artists.canonical_mbid in ({{ special_purpose_artists }}) then null
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
