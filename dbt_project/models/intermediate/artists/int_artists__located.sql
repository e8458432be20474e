-- Where an artist comes from: where they were born or founded if MusicBrainz says so, else the area they belong to.
{%- set nobodies %}
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

described as (
    select
        r.artist_key,
        mb.area_mbid,
        mb.begin_area_mbid,
        mb.area_name,
        mb.begin_area_name,
        mb.country_code,
        case
            when mb.canonical_mbid in ({{ nobodies }}) then null
            when mb.begin_area_mbid is not null then 'begin_area'
            when mb.area_mbid is not null then 'area'
            when mb.country_code is not null then 'country'
        end as origin_source,
        case origin_source
            when 'begin_area' then mb.begin_area_mbid
            when 'area' then mb.area_mbid
        end as origin_area_mbid
    from resolved as r
    inner join {{ ref('stg_musicbrainz__artists') }} as mb on r.facts_mbid = mb.mbid
),

areas as (
    select * from {{ ref('int_areas__chained') }}
),

final as (
    select
        d.artist_key,
        d.origin_area_mbid,
        d.area_mbid,
        d.begin_area_mbid,

        d.area_name,
        d.begin_area_name,
        d.origin_source,
        a.area_name as origin_area_name,
        a.area_type as origin_area_type,
        a.city_name,
        a.subdivision_name,
        a.subdivision_code,
        coalesce(a.country_code, co.country_code) as country_code,
        coalesce(a.country_name, co.country_name) as country_name,
        coalesce(a.continent, co.continent) as continent,
        case
            when a.country_name is not null then 'area'
            when co.country_name is not null then 'artist'
        end as country_source,

        a.latitude,
        a.longitude,
        a.coordinates_precision,
        a.coordinates_method,
        a.coordinates_confidence
    from described as d
    left join areas as a on d.origin_area_mbid = a.area_mbid
    left join {{ ref('countries') }} as co on if(d.origin_source is not null, d.country_code, null) = co.code
)

select * from final
