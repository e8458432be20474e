{{ config(meta={'changed_by_day': 'date_key'}) }}

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
        sum(epoch_us(until_at) - epoch_us(from_at)) as total_us,
        sum(greatest(epoch_us(known_until_at) - epoch_us(known_from_at), 0)) as known_us
    from days
    group by listener_id, date_key
),

covered as (
    select
        days.listener_id,
        days.date_key,
        spans.told_by,
        sum(
            epoch_us(least(days.known_until_at, spans.until_at)) - epoch_us(greatest(days.known_from_at, spans.from_at))
        ) as covered_us
    from days
    inner join spans
        on
            days.listener_id = spans.listener_id
            and days.known_from_at < spans.until_at
            and days.known_until_at > spans.from_at
    where days.known_from_at < days.known_until_at
    group by all
),

joined as (
    select
        day_lengths.listener_id,
        day_lengths.date_key,
        any_value(day_lengths.total_us) as total_us,
        any_value(day_lengths.known_us) as known_us,
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
        {{ exact_minutes('total_us') }} as total_minutes,
        {{ exact_minutes('known_us') }} as known_minutes,
        {{ exact_minutes('covered_us') }} as covered_minutes,
        {{ exact_minutes('polls_us') }} as covered_by_polls_minutes,
        {{ exact_minutes('exports_us') }} as covered_by_exports_minutes,
        round(100.0 * covered_us / nullif(known_us, 0), 2) as coverage_pct,
        covered_us < known_us as has_holes,
        known_us = total_us as is_whole_day
    from joined
)

select * from final
