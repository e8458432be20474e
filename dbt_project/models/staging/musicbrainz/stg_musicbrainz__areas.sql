{%- set area = '{"id": "VARCHAR", "name": "VARCHAR", "type": "VARCHAR"}' -%}
with

source as (
    select * from {{ source('musicbrainz', 'musicbrainz_areas') }}
),

parsed as (
    select
        * exclude (payload),
        payload is not null as has_answer,
        from_json(
            payload,
            '{
                "name": "VARCHAR", "type": "VARCHAR", "iso-3166-1-codes": ["VARCHAR"], "iso-3166-2-codes": ["VARCHAR"],
                "relation-list": [{"relations": [{"area": {{ area }}}]}], "relations": [{"area": {{ area }}}]
            }'
        ) as area
    from source
),

with_parent as (
    select
        *,
        list_filter(
            list_transform(
                list_concat(flatten(list_transform(area."relation-list", lambda l: l.relations)), area.relations),
                lambda r: r.area
            ),
            lambda a: a.id = parent_area_mbid
        )[1] as parent
    from parsed
),

final as (
    select
        area_mbid,
        parent_area_mbid,

        nullif(area.name, '') as area_name,
        nullif(area.type, '') as area_type,
        nullif(parent.name, '') as parent_area_name,
        nullif(parent.type, '') as parent_area_type,
        nullif(area."iso-3166-1-codes"[1], '') as own_country_code,
        nullif(area."iso-3166-2-codes"[1], '') as own_subdivision_code,
        nullif(upper(country_code), '') as country_code,

        has_answer,
        status,
        attempts,
        origin,
        version,
        fetched_at
    from with_parent
)

select * from final
