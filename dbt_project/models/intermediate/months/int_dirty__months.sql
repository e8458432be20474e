-- Over 120 lines: changes become months, months reach over edges, and many of them become everything.
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        post_hook="{{ put_off_months(ref('int_plays__export_times'), ref('stg_spotify__recently_played'), ref('int_dirty__edges')) }}"
    )
}}
{%- set start_over = reason_to_start_over() %}

with recursive

moments as (
    select * from {{ ref('int_dirty__moments') }}
),

dirty_spans as (
    select * from {{ ref('int_dirty__spans') }}
),

restless_edges as (
    select * from {{ ref('int_dirty__edges') }}
),

export_rows as not materialized (
    select * from {{ ref('int_plays__export_times') }}
),

recently_played as not materialized (
    select * from {{ ref('stg_spotify__recently_played') }}
),

source_rows_before as (
    select * from {{ built_source_rows() }}
),

all_months as (
    select distinct
        listener_id,
        {{ month_of('ended_at') }} as month
    from export_rows
    union
    select distinct
        listener_id,
        {{ month_of('played_at') }} as month
    from recently_played
    union
    select distinct
        listener_id,
        {{ month_of('ended_at') }} as month
    from source_rows_before
),

spans as (
    select * from moments
    union all
    select * from dirty_spans
),

-- A change within the margin of an edge reaches the month beyond it.
touched as (
    select distinct
        all_months.listener_id,
        all_months.month,
        spans.reason
    from all_months
    inner join spans
        on
            (all_months.listener_id = spans.listener_id or spans.listener_id = '*')
            and spans.from_at - {{ margin() }} < all_months.month + interval 1 month
            and spans.until_at + {{ margin() }} >= all_months.month
),

neighbours as (
    {{ months_that_belong_together() }}
),

-- Months that music runs over are built together.
reached as (
    select
        listener_id,
        month
    from touched
    union
    select
        reached.listener_id,
        neighbours.other_month as month
    from reached
    inner join neighbours on reached.listener_id = neighbours.listener_id and reached.month = neighbours.month
),

sizes as (
    select
        count(*) as dirty_months,
        (select count(*) from all_months) as known_months
    from reached
),

-- '*' stands for everything.
found as (
    select
        reached.listener_id,
        reached.month,
        coalesce(string_agg(distinct touched.reason, ', ' order by touched.reason), 'no pause') as reason
    from reached
    left join touched on reached.listener_id = touched.listener_id and reached.month = touched.month
    group by reached.listener_id, reached.month
    union all
    select
        '*' as listener_id,
        timestamp '1970-01-01' as month,
        '{{ start_over or "most months" }}' as reason
    from sizes
    where {{ 'true' if start_over else 'dirty_months > 24 and dirty_months > 0.6 * known_months' }}
),

-- What a build that was not finished had found stays.
final as (
    select
        listener_id,
        month,
        string_agg(reason, ', ' order by reason) as reason
    from found
    {%- if is_incremental() %}
    where (listener_id, month) not in (select (listener_id, month) from {{ this }})
    {%- endif %}
    group by listener_id, month
)

select * from final
