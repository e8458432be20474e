with

local_days as (
    select * from {{ ref('int_days__spanned') }}
),

span as (
    select
        date_trunc('year', min(date_key)) as first_day,
        date_trunc('year', max(date_key)) + interval 1 year as end_day
    from local_days
),

days as (
    select cast(unnest(range(first_day, end_day, interval 1 day)) as date) as date_key
    from span
),

final as (
    select
        date_key,
        cast(year(date_key) as integer) as year,
        cast(quarter(date_key) as integer) as quarter,
        cast(month(date_key) as integer) as month,
        monthname(date_key) as month_name,
        cast(date_trunc('month', date_key) as date) as month_start,
        cast(date_trunc('year', date_key) as date) as year_start,
        {{ week_start('date_key') }} as week_start,
        cast(isoyear(date_key) as integer) as iso_year,
        cast(weekofyear(date_key) as integer) as iso_week,
        cast(isodow(date_key) as integer) as weekday,
        dayname(date_key) as weekday_name,
        cast(day(date_key) as integer) as day_of_month,
        cast(dayofyear(date_key) as integer) as day_of_year,
        isodow(date_key) > 5 as is_weekend
    from days
)

select * from final
