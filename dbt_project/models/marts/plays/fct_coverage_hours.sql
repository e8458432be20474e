with

days as (
    select * from {{ ref('int_days__spanned') }}
),

spans as (
    select * from {{ ref('int_coverage__spanned') }}
    where told_by = 'any'
),

local_hours as (
    select
        *,
        unnest(
            range(date_trunc('hour', known_from_at + utc_offset), known_until_at + utc_offset, interval 1 hour)
        ) as local_hour
    from days
    where known_from_at < known_until_at
),

-- An hour in which the clock changes has two parts; an hour that the clock repeats has twice the minutes.
parts as (
    select
        listener_id,
        date_key,
        hour(local_hour) as hour,
        greatest(local_hour - utc_offset, known_from_at) as from_at,
        least(local_hour + interval 1 hour - utc_offset, known_until_at) as until_at
    from local_hours
),

known as (
    select
        listener_id,
        date_key,
        hour,
        sum(epoch_us(until_at) - epoch_us(from_at)) as known_us
    from parts
    group by all
),

covered as (
    select
        parts.listener_id,
        parts.date_key,
        parts.hour,
        sum(
            epoch_us(least(parts.until_at, spans.until_at)) - epoch_us(greatest(parts.from_at, spans.from_at))
        ) as covered_us
    from parts
    inner join spans
        on parts.listener_id = spans.listener_id and parts.from_at < spans.until_at and parts.until_at > spans.from_at
    group by all
),

final as (
    select
        known.listener_id,
        known.date_key,
        cast(known.hour as integer) as hour,
        {{ exact_minutes('known.known_us') }} as known_minutes,
        {{ exact_minutes('coalesce(covered.covered_us, 0)') }} as covered_minutes
    from known
    left join covered
        on
            known.listener_id = covered.listener_id
            and known.date_key = covered.date_key
            and known.hour = covered.hour
)

select * from final
