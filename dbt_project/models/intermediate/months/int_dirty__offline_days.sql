with

dirty_months as (
    select * from {{ ref('int_dirty__months') }}
),

export_rows as not materialized (
    select * from {{ ref('int_plays__export_times') }}
),

-- Rows of exports are compared by the time that they report; of an offline play it may lie outside of the window.
final as (
    select distinct
        listener_id,
        unnest(range(
            date_trunc('day', reported_end_at) - {{ margin() }},
            date_trunc('day', reported_end_at) + {{ margin() }} + interval 1 day,
            interval 1 day
        )) as reported_day
    from export_rows
    where
        {{ is_reported_about_dirty_months() }}
        and ended_at <> reported_end_at
        and {{ is_in_window('ended_at') }}
)

select * from final
