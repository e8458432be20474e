{{ config(materialized='view') }}

with

export_plays as (
    select * from {{ ref('int_plays__export_rows') }}
    where row_role = 'first'
),

account_pairs as (
    select * from {{ ref('int_plays__account_pairs') }}
),

detailed_spans as (
    select * from {{ ref('int_exports__covered') }}
    where not is_to_the_minute
),

detailed as (
    select
        e.*,
        p.account_row_id,
        false as is_review
    from export_plays as e
    left join account_pairs as p on e.row_id = p.export_row_id
    where not e.is_to_the_minute
),

-- A row of the account data that has no partner in time that a detailed export covers is not trusted.
short as (
    select
        e.*,
        exists (
            from detailed_spans as s
            where
                e.listener_id = s.listener_id
                and e.ended_at between s.surely_covered_from and s.surely_covered_until
        ) as is_review
    from export_plays as e
    anti join account_pairs as p on e.row_id = p.account_row_id
    where e.is_to_the_minute
),

plays as (
    select * from detailed
    union all by name
    select * from short
),

final as (
    select
        row_id as export_row_id,
        account_row_id,
        row_key,
        listener_id,
        track_key,
        started_at,
        ended_at,
        ms_played,
        is_end_known,
        is_to_the_minute,
        is_incognito,
        is_review
    from plays
)

select * from final
