-- Over 120 lines: the bounds of what is known are found first, then days are cut at zones, then both meet.
with

months as (
    select * from {{ ref('int_plays__bounded') }}
),

polls as (
    select * from {{ ref('stg_ops__polls') }}
),

export_spans as (
    select * from {{ ref('int_exports__covered') }}
),

zone_spans as (
    select * from {{ ref('int_zones__spanned') }}
),

-- Coverage is measured from the first known instant (the end of the first play) to the last one (the last poll).
known_times as (
    select
        listener_id,
        min(first_started_at) as first_at,
        min(first_ended_at) as first_known_at,
        max(last_ended_at) as last_at
    from months
    group by listener_id
    union all by name
    select
        listener_id,
        min(least(oldest_played_at, polled_at)) as first_at,
        first_at as first_known_at,
        max(polled_at) as last_at
    from polls
    where is_answered
    group by listener_id
    union all by name
    select
        listener_id,
        min(covered_from) as first_at,
        first_at as first_known_at,
        max(covered_until) as last_at
    from export_spans
    group by listener_id
),

moments as (
    select
        listener_id,
        min(first_at) as first_at,
        min(first_known_at) as first_known_at,
        max(last_at) as last_at
    from known_times
    group by listener_id
),

zones as (
    select
        zone_spans.listener_id,
        zone_spans.time_zone,
        zone_spans.utc_offset,
        moments.first_at,
        moments.first_known_at,
        moments.last_at,
        greatest(zone_spans.from_at, moments.first_at - interval 2 day) as from_at,
        least(zone_spans.until_at, moments.last_at + interval 2 day) as until_at
    from zone_spans
    inner join moments
        on
            zone_spans.listener_id = moments.listener_id
            and zone_spans.from_at < moments.last_at + interval 2 day
            and zone_spans.until_at > moments.first_at - interval 2 day
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
        utc_offset,
        greatest(local_day - utc_offset, from_at) as from_at,
        least(local_day + interval 1 day - utc_offset, until_at) as until_at,
        first_at,
        first_known_at,
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
        parts.listener_id,
        parts.date_key,
        parts.time_zone,
        parts.utc_offset,
        parts.from_at,
        parts.until_at,
        greatest(parts.from_at, parts.first_known_at) as known_from_at,
        least(parts.until_at, parts.last_at) as known_until_at
    from parts
    inner join edges
        on parts.listener_id = edges.listener_id and parts.date_key between edges.first_day and edges.last_day
)

select * from final
