with

listening_hours as (
    select * from {{ ref('fct_listening_hours') }}
    where {{ is_asked_day('date_key') }} and {{ is_asked_listener() }}
),

coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

covered as (
    {{ coverage_in_range() }}
),

listened as (
    select
        listener_id,
        isodow(date_key) as weekday,
        hour,
        sum(plays) as plays,
        sum(ms_played) as ms
    from listening_hours
    group by all
),

totals as (
    select
        listener_id,
        sum(ms) as ms
    from listened
    group by listener_id
),

cells as (
    select
        covered.*,
        weekdays.weekday,
        hours.hour
    from covered
    cross join range(1, 8) as weekdays (weekday)
    cross join range(24) as hours (hour)
),

final as (
    select
        ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'][cells.weekday] as weekday_name,
        cast(cells.hour as integer) as hour,
        {{ minutes('coalesce(listened.ms, 0)') }} as minutes,
        cast(coalesce(listened.plays, 0) as bigint) as plays,
        {{ percent('coalesce(listened.ms, 0)', 'totals.ms') }} as minutes_pct,
        cast(cells.weekday as integer) as weekday,
        cells.listener_id,
        cells.coverage_pct,
        cells.has_holes,
        cells.first_day,
        cells.last_day
    from cells
    left join listened
        on cells.listener_id = listened.listener_id and cells.weekday = listened.weekday and cells.hour = listened.hour
    left join totals on cells.listener_id = totals.listener_id
)

select * from final
order by listener_id, weekday, hour
