with

known_times as (
    select
        listener_id,
        min(started_at) as first_at,
        max(ended_at) as last_at
    from {{ ref('int_plays__timed') }}
    group by listener_id
    union all
    select
        listener_id,
        min(least(oldest_played_at, polled_at)) as first_at,
        max(polled_at) as last_at
    from {{ ref('stg_ops__polls') }}
    where is_answered
    group by listener_id
    union all
    select
        listener_id,
        min(covered_from) as first_at,
        max(covered_until) as last_at
    from {{ ref('int_exports__covered') }}
    group by listener_id
),

moments as (
    select
        listener_id,
        min(first_at) as first_at,
        max(last_at) as last_at
    from known_times
    group by listener_id
),

zones as (
    select
        z.listener_id,
        z.time_zone,
        z.utc_offset,
        m.first_at,
        m.last_at,
        greatest(z.from_at, m.first_at - interval 2 day) as from_at,
        least(z.until_at, m.last_at + interval 2 day) as until_at
    from {{ ref('int_zones__spanned') }} as z
    inner join moments as m
        on
            z.listener_id = m.listener_id
            and z.from_at < m.last_at + interval 2 day
            and z.until_at > m.first_at - interval 2 day
),

-- A local day is a run of instants; a change of zone or of summer time cuts it in two.
days as (
    select
        *,
        unnest(range(date_trunc('day', from_at + utc_offset), until_at + utc_offset, interval 1 day)) as local_day
    from zones
),

parts as (
    select
        listener_id,
        cast(local_day as date) as date_key,
        time_zone,
        greatest(local_day - utc_offset, from_at) as from_at,
        least(local_day + interval 1 day - utc_offset, until_at) as until_at,
        first_at,
        last_at
    from days
),

edges as (
    select
        listener_id,
        min(date_key) filter (where first_at < until_at) as first_day,
        max(date_key) filter (where last_at >= from_at) as last_day
    from parts
    group by listener_id
),

final as (
    select
        p.listener_id,
        p.date_key,
        p.time_zone,
        p.from_at,
        p.until_at
    from parts as p
    inner join edges as e on p.listener_id = e.listener_id and p.date_key between e.first_day and e.last_day
)

select * from final
