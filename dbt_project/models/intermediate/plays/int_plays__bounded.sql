{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        tags=['by_month'],
        meta={'by_month': ['month', 'month']},
        pre_hook="{{ begin_months() }}"
    )
}}

with

dirty_months as (
    select * from {{ ref('int_dirty__months') }}
),

plays as (
    select * from {{ ref('int_plays__timed') }}
),

final as (
    select
        listener_id,
        {{ month_of('ended_at') }} as month,
        min(started_at) as first_started_at,
        min(ended_at) as first_ended_at,
        max(ended_at) as last_ended_at
    from plays
    where {{ is_in_dirty_month('ended_at') }}
    group by listener_id, {{ month_of('ended_at') }}
)

select * from final
