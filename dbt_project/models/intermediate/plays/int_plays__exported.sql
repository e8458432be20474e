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
        export_plays.*,
        account_pairs.account_row_id,
        false as is_review
    from export_plays
    left join account_pairs on export_plays.row_id = account_pairs.export_row_id
    where not export_plays.is_to_the_minute
),

-- A row of the account data that has no partner in time that a detailed export covers is not trusted.
short as (
    select
        export_plays.*,
        exists (
            from detailed_spans
            where
                export_plays.listener_id = detailed_spans.listener_id
                and export_plays.ended_at
                between detailed_spans.surely_covered_from and detailed_spans.surely_covered_until
        ) as is_review
    from export_plays
    anti join account_pairs on export_plays.row_id = account_pairs.account_row_id
    where export_plays.is_to_the_minute
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
