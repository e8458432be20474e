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
        d.listener_id,
        d.date_key,
        s.told_by,
        sum(
            epoch_us(least(d.until_at, s.until_at)) - epoch_us(greatest(d.from_at, s.from_at))
        ) as covered_us
    from days as d
    inner join spans as s
        on d.listener_id = s.listener_id and d.from_at < s.until_at and d.until_at > s.from_at
    group by all
),

joined as (
    select
        l.listener_id,
        l.date_key,
        any_value(l.total_us) as total_us,
        coalesce(max(c.covered_us) filter (c.told_by = 'any'), 0) as covered_us,
        coalesce(max(c.covered_us) filter (c.told_by = 'polls'), 0) as polls_us,
        coalesce(max(c.covered_us) filter (c.told_by = 'exports'), 0) as exports_us
    from day_lengths as l
    left join covered as c on l.listener_id = c.listener_id and l.date_key = c.date_key
    group by l.listener_id, l.date_key
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
