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
        p.account_row_key
    from export_plays as e
    left join account_pairs as p on e.row_key = p.export_row_key
    where not e.is_to_the_minute
),

-- A row of the account data that has no partner in time that a detailed export covers is not trusted.
short as (
    select
        e.*,
        coalesce(
            bool_or(e.ended_at between s.surely_covered_from and s.surely_covered_until), false
        ) as is_review
    from export_plays as e
    anti join account_pairs as p on e.row_key = p.account_row_key
    left join detailed_spans as s on e.listener_id = s.listener_id
    where e.is_to_the_minute
    group by all
),

final as (
    select
        *,
        false as is_review
    from detailed
    union all by name
    select * from short
)

select
    row_key as export_row_key,
    account_row_key,
    listener_id,
    track_key,
    started_at,
    ended_at,
    ms_played,
    is_end_known,
    is_to_the_minute,
    is_incognito,
    is_review
from final
