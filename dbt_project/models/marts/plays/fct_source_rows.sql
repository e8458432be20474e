-- Over 120 lines: rows of exports and of polls get their fates by different rules, with the same columns.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        tags=['by_month'],
        meta={'by_month': ['ended_at', 'ended_at']},
        pre_hook="{{ begin_months() }}"
    )
}}

with

dirty_months as (
    select * from {{ ref('int_dirty__months') }}
),

export_rows as (
    select * from {{ ref('int_plays__export_rows') }}
),

exported as (
    select * from {{ ref('int_plays__exported') }}
),

polled as (
    select * from {{ ref('int_plays__polled') }}
),

matched as (
    select * from {{ ref('int_plays__matched') }}
),

-- The play that the first of equal export rows belongs to, and how.
plays_of_first_rows as (
    select
        matched.export_row_id as first_row_id,
        matched.play_key,
        'counted' as fate,
        cast(null as varchar) as match_reason,
        cast(null as double) as delta_seconds
    from matched
    where matched.export_row_id is not null
    union all
    select
        matched.account_row_id as first_row_id,
        matched.play_key,
        'merged' as fate,
        'name_minute' as match_reason,
        cast(null as double) as delta_seconds
    from matched
    where matched.account_row_id is not null
    union all
    select
        export_row_id as first_row_id,
        cast(null as bigint) as play_key,
        'review' as fate,
        cast(null as varchar) as match_reason,
        cast(null as double) as delta_seconds
    from exported
    where is_review
),

from_exports as (
    select
        export_rows.row_key as source_row_key,
        export_rows.listener_id,
        'export' as source,
        export_rows.source_file,
        export_rows.row_number,
        export_rows.content_kind,
        case
            when export_rows.content_kind <> 'music' then 'excluded_' || export_rows.content_kind
            when export_rows.row_role = 'superseded' then 'superseded'
            when export_rows.row_role = 'duplicate_in_export' then 'duplicate_in_export'
            when export_rows.row_role = 'other_export' and plays_of_first_rows.fate <> 'review' then 'merged'
            else plays_of_first_rows.fate
        end as fate,
        plays_of_first_rows.play_key,
        if(
            export_rows.row_role = 'first',
            plays_of_first_rows.match_reason,
            if(export_rows.content_kind = 'music', 'equal_row', null)
        ) as match_reason,
        plays_of_first_rows.delta_seconds,
        export_rows.reported_end_at,
        export_rows.ended_at,
        export_rows.fetched_at
    from export_rows
    left join plays_of_first_rows on export_rows.first_row_id = plays_of_first_rows.first_row_id
),

from_polls as (
    select
        polled.row_key as source_row_key,
        polled.listener_id,
        'poll' as source,
        polled.source_file,
        polled.row_number,
        polled.content_kind,
        case
            when polled.poll_role = 'excluded' then 'excluded_' || polled.content_kind
            when polled.poll_role = 'duplicate' then 'duplicate_in_polls'
            when polled.poll_role = 'paired' then 'merged'
            when polled.poll_role = 'review' then 'review'
            else 'counted'
        end as fate,
        matched.play_key,
        polled.match_reason,
        polled.delta_seconds,
        polled.played_at as reported_end_at,
        polled.played_at as ended_at,
        polled.fetched_at
    from polled
    left join matched on polled.first_row_id = matched.poll_row_id
),

all_rows as (
    select * from from_exports
    union all
    select * from from_polls
),

final as (
    select
        source_row_key,
        listener_id,
        source,
        source_file,
        row_number,
        content_kind,
        fate,
        play_key,
        match_reason,
        delta_seconds,
        reported_end_at,
        ended_at,
        fetched_at
    from all_rows
    where {{ is_in_dirty_month('ended_at') }}
)

select * from final
