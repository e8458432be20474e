with

source as (
    select * from {{ source('geography', 'area_coordinates') }}
),

final as (
    select
        area_mbid,

        latitude,
        longitude,
        precision,
        method,
        confidence,
        attribution,

        status,
        attempts,
        located_at
    from source
)

select * from final
