-- Over 120 lines: half of it finds the times at which the clock of a zone changes, which DuckDB has no function for.
with

recently_played as not materialized (
    select * from {{ ref('stg_spotify__recently_played') }}
),

streaming_history as (
    select * from {{ ref('stg_spotify__streaming_history') }}
),

polls as not materialized (
    select * from {{ ref('stg_ops__polls') }}
),

export_rows as (
    select * from {{ ref('int_plays__export_times') }}
),

listener_zones as (
    select * from {{ ref('listener_zones') }}
),

dated_zones as (
    {{ wishes_of('listener_zones') }}
),

listeners as (
    select listener_id from recently_played
    union
    select listener_id from streaming_history
    union
    select listener_id from polls
),

known_times as (
    select
        min(played_at) as first_at,
        max(played_at) as last_at
    from recently_played
    union all
    select
        min(started_at) as first_at,
        max(greatest(ended_at, reported_end_at)) as last_at
    from export_rows
    union all
    select
        min(least(oldest_played_at, polled_at)) as first_at,
        max(polled_at) as last_at
    from polls
),

-- A day more than the longest play before the first time, since plays that only polls list start before it.
moments as (
    select
        min(first_at) - interval 3 day as first_at,
        max(last_at) + interval 3 day as last_at
    from known_times
),

trips as (
    select
        trip,
        cast(split_part(trip, '=', 1) as timestamp) as valid_from,
        split_part(trip, '=', 2) as time_zone
    from (select trim(unnest({{ listener_trips() }})) as trip) as listed
    where trip <> ''
),

-- The zone of the setting holds until the first trip, or the first dated row of the seed.
stays as (
    select
        listener_id,
        timestamp '1970-01-01' as valid_from,
        {{ listener_timezone('listener_id') }} as time_zone,
        0 as priority
    from listeners
    union all
    select
        listeners.listener_id,
        trips.valid_from,
        trips.time_zone,
        1 as priority
    from listeners
    cross join trips
    where {{ has_trips_of_setting('listeners.listener_id') }}
    union all
    select
        listeners.listener_id,
        dated_zones.valid_from,
        dated_zones.time_zone,
        if(dated_zones.listener_id = '*', 2, 3) as priority
    from listeners
    inner join dated_zones on listeners.listener_id = dated_zones.listener_id or dated_zones.listener_id = '*'
),

chosen as (
    select * from stays
    qualify row_number() over (partition by listener_id, valid_from order by priority desc) = 1
),

zone_spans as (
    select
        listener_id,
        time_zone,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by listener_id order by valid_from), timestamp '9999-12-31'
        ) as valid_until
    from chosen
),

-- Offsets are looked at once a day, and minute by minute on the days on which they change.
days as (
    select
        zones.time_zone,
        unnest(range(date_trunc('day', moments.first_at), moments.last_at + interval 1 day, interval 1 day))
            as day_start
    from (select distinct time_zone from zone_spans) as zones
    cross join moments
),

day_offsets as (
    select
        time_zone,
        day_start,
        {{ local_time('day_start', 'time_zone') }} - day_start as utc_offset,
        {{ local_time('day_start + interval 1 day', 'time_zone') }} - (day_start + interval 1 day) as next_offset
    from days
),

minutes_of_change as (
    select
        time_zone,
        unnest(range(day_start, day_start + interval 1 day, interval 1 minute)) as minute_start
    from day_offsets
    where utc_offset <> next_offset
),

looks as (
    select
        time_zone,
        day_start as looked_at,
        utc_offset
    from day_offsets
    union
    select
        time_zone,
        minute_start as looked_at,
        {{ local_time('minute_start', 'time_zone') }} - minute_start as utc_offset
    from minutes_of_change
),

changes as (
    select
        time_zone,
        looked_at as offset_from,
        utc_offset
    from looks
    qualify utc_offset is distinct from lag(utc_offset) over (partition by time_zone order by looked_at)
),

offset_spans as (
    select
        *,
        coalesce(
            lead(offset_from) over (partition by time_zone order by offset_from), timestamp '9999-12-31'
        ) as offset_until
    from changes
),

final as (
    select
        zone_spans.listener_id,
        zone_spans.time_zone,
        offset_spans.utc_offset,
        greatest(zone_spans.valid_from, offset_spans.offset_from) as from_at,
        least(zone_spans.valid_until, offset_spans.offset_until) as until_at
    from zone_spans
    inner join offset_spans
        on
            zone_spans.time_zone = offset_spans.time_zone
            and zone_spans.valid_from < offset_spans.offset_until
            and zone_spans.valid_until > offset_spans.offset_from
)

select * from final
