with

minutes as (
    select cast(minute_of_day as integer) as time_key
    from (select unnest(range(1440)) as minute_of_day) as numbers
),

final as (
    select
        time_key,
        make_time(time_key // 60, time_key % 60, 0) as time_of_day,
        strftime(make_time(time_key // 60, time_key % 60, 0) + date '2000-01-01', '%H:%M') as hour_and_minute,
        cast(time_key // 60 as integer) as hour,
        cast(time_key % 60 as integer) as minute,
        cast(time_key // 15 as integer) as quarter_of_day,
        case
            when time_key < 6 * 60 then 'night'
            when time_key < 12 * 60 then 'morning'
            when time_key < 18 * 60 then 'afternoon'
            else 'evening'
        end as part_of_day
    from minutes
)

select * from final
