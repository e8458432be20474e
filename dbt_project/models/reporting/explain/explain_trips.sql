with

trips as (
    select * from {{ ref('fct_trips') }}
),

lines as (
    select
        listener_id || ',' || strftime(first_started_at, '%Y-%m-%d %H:%M:%S') || ',' || likely_time_zone as line_to_add,
        listener_country_name || ': the clock is ' || cast(abs(clock_off_hours) as double)
        || if(clock_off_hours < 0, ' h ahead', ' h behind') as why,
        plays_any,
        first_started_at as from_at,
        listener_id
    from trips
    union all
    select
        listener_id || ',' || strftime(back_at, '%Y-%m-%d %H:%M:%S') || ',' || time_zone as line_to_add,
        'back from ' || listener_country_name as why,
        plays_any,
        back_at as from_at,
        listener_id
    from trips
    where back_at is not null
),

final as (
    select * from lines
)

select * from final
order by listener_id, from_at
