with

days as (
    select * from {{ ref('int_days__spanned') }}
),

spans as (
    select * from {{ ref('int_coverage__spanned') }}
),

day_lengths as (
    select
        listener_id,
        date_key,
        sum(epoch_us(until_at) - epoch_us(from_at)) as total_us
    from days
    group by listener_id, date_key
),

covered as (
    select
        days.listener_id,
        days.date_key,
        spans.told_by,
        sum(
            epoch_us(least(days.until_at, spans.until_at)) - epoch_us(greatest(days.from_at, spans.from_at))
        ) as covered_us
    from days
    inner join spans
        on days.listener_id = spans.listener_id and days.from_at < spans.until_at and days.until_at > spans.from_at
    group by all
),

joined as (
    select
        day_lengths.listener_id,
        day_lengths.date_key,
        any_value(day_lengths.total_us) as total_us,
        coalesce(max(covered.covered_us) filter (covered.told_by = 'any'), 0) as covered_us,
        coalesce(max(covered.covered_us) filter (covered.told_by = 'polls'), 0) as polls_us,
        coalesce(max(covered.covered_us) filter (covered.told_by = 'exports'), 0) as exports_us
    from day_lengths
    left join covered on day_lengths.listener_id = covered.listener_id and day_lengths.date_key = covered.date_key
    group by day_lengths.listener_id, day_lengths.date_key
),

final as (
    select
        {{ surrogate_key(['listener_id', 'date_key']) }} as coverage_key,
        listener_id,
        date_key,
        round(total_us / 60000000.0, 3) as total_minutes,
        round(covered_us / 60000000.0, 3) as covered_minutes,
        round(polls_us / 60000000.0, 3) as covered_by_polls_minutes,
        round(exports_us / 60000000.0, 3) as covered_by_exports_minutes,
        round(100.0 * covered_us / total_us, 2) as coverage_pct
    from joined
)

select * from final
