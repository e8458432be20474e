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

    union all

    select 'unknown', 'unknown', 1, 'primary', false
)

select * from final
