with

summary as (
    select * from {{ ref('artist_summary') }}
),

periods as (
    select * from {{ ref('fct_periods') }}
    where period_type = 'week'
),

known_weeks as (
    select
        listener_id,
        count(*) as weeks
    from periods
    group by listener_id
),

final as (
    select
        summary.artist_name,
        summary.weeks,
        {{ percent('summary.weeks', 'known_weeks.weeks') }} as weeks_pct,
        summary.plays,
        summary.minutes,
        summary.listener_id,
        summary.first_heard_on,
        summary.last_heard_on
    from summary
    inner join known_weeks on summary.listener_id = known_weeks.listener_id
)

select * from final
order by listener_id, weeks desc, plays desc, artist_name
