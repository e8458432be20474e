with

credits as (
    select * from {{ ref('int_tracks__credited') }}
),

final as (
    select
        track_key,
        artist_key,

        cast(credit_position as integer) as credit_position,
        credit_role,
        is_enriched
    from credits
    where track_key <> 'unknown'

    union all by name

    select
        'unknown' as track_key,
        'unknown' as artist_key,
        1 as credit_position,
        'primary' as credit_role,
        false as is_enriched
)

select * from final
