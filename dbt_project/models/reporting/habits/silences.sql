{{ config(materialized='table') }}
with

coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

played_days as (
    select distinct
        listener_id,
        date_key as silent_from
    from artist_days
),

gaps as (
    select
        *,
        lead(silent_from) over (partition by listener_id order by silent_from) as silent_until
    from played_days
    qualify silent_until - silent_from >= 3
),

final as (
    select
        cast(gaps.silent_until - gaps.silent_from as integer) as gap_days,
        gaps.silent_from,
        gaps.silent_until,
        gaps.listener_id,
        covered.coverage_pct,
        covered.has_holes
    from gaps
    inner join {{ coverage_between('gaps', 'silent_from + 1', 'silent_until - 1') }} as covered
        on
            gaps.listener_id = covered.listener_id
            and covered.first_day = gaps.silent_from + 1
            and covered.last_day = gaps.silent_until - 1
    where covered.coverage_pct >= 50
)

select * from final
order by listener_id, gap_days desc, silent_from desc
