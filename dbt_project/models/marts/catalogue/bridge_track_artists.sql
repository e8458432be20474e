with

credits as (
    select * from {{ ref('int_tracks__credited') }}
),

final as (
    select
        {{ key_of_hash('track_hash') }} as track_key,
        {{ key_of_hash('artist_hash') }} as artist_key,

        cast(credit_position as integer) as credit_position,
        credit_role,
        is_enriched
    from credits
    where track_hash <> 'unknown'

    union all by name

    select
        0 as track_key,
        0 as artist_key,
        1 as credit_position,
        'primary' as credit_role,
        false as is_enriched
)

select * from final
