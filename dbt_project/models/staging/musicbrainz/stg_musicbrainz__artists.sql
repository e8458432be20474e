{%- set area = '{"id": "VARCHAR", "name": "VARCHAR", "type": "VARCHAR"}' -%}
with

source as (
    select * from {{ source('musicbrainz', 'musicbrainz_artists') }}
),

parsed as (
    select
        * exclude (payload),
        payload is not null as has_answer,
        from_json(
            payload,
            '{
                "name": "VARCHAR", "sort-name": "VARCHAR", "disambiguation": "VARCHAR", "type": "VARCHAR",
                "gender": "VARCHAR", "country": "VARCHAR", "area": {{ area }}, "begin-area": {{ area }},
                "life-span": {"begin": "VARCHAR", "end": "VARCHAR", "ended": "BOOLEAN"},
                "tags": [{"name": "VARCHAR", "count": "INTEGER"}]
            }'
        ) as artist
    from source
),

final as (
    select
        mbid,
        coalesce(canonical_mbid, mbid) as canonical_mbid,

        nullif(artist.name, '') as artist_name,
        nullif(artist."sort-name", '') as sort_name,
        nullif(artist.disambiguation, '') as disambiguation,
        nullif(artist.type, '') as artist_type,
        nullif(lower(artist.gender), '') as gender,
        nullif(artist."life-span".begin, '') as life_begin_text,
        nullif(artist."life-span".end, '') as life_end_text,
        coalesce(artist."life-span".ended, false) as is_ended,

        artist.area.id as area_mbid,
        nullif(artist.area.name, '') as area_name,
        nullif(artist.area.type, '') as area_type,
        artist."begin-area".id as begin_area_mbid,
        nullif(artist."begin-area".name, '') as begin_area_name,
        nullif(artist."begin-area".type, '') as begin_area_type,
        upper(coalesce(nullif(country_code, ''), nullif(artist.country, ''))) as country_code,

        list_filter(artist.tags, lambda t: t.count > 0 and nullif(t.name, '') is not null) as tags,

        has_answer,
        status,
        attempts,
        origin,
        version,
        fetched_at
    from parsed
)

select * from final
