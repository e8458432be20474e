{%- set crossfade_ms = '1000 * (' ~ var('crossfade_seconds') ~ ' + 3)' %}

with

-- A poll tells no length: the whole track is assumed, as far as the play before it leaves room.
alone as (
    select
        poll_row_id,
        listener_id,
        played_at,
        coalesce(duration_ms, {{ var('assumed_ms') }}) as full_ms
    from {{ ref('int_plays__polled') }}
    where poll_role = 'alone'
),

ends as (
    select
        listener_id,
        ended_at
    from {{ ref('int_plays__matched') }}
    where is_counted and is_end_known and ended_at >= (select min(played_at) - interval 1 day from alone)
),

with_room as (
    select
        a.poll_row_id,
        a.full_ms,
        date_diff('millisecond', e.ended_at, a.played_at) as room_ms
    from alone as a
    asof left join ends as e on a.listener_id = e.listener_id and a.played_at > e.ended_at
),

graded as (
    select
        poll_row_id,
        if(room_ms < full_ms - {{ crossfade_ms }}, room_ms, full_ms) as ms_played,
        if(room_ms < full_ms - {{ crossfade_ms }}, 'bounded', 'assumed') as time_grade
    from with_room
),

timed as (
    select
        m.play_id,
        m.play_key,
        m.listener_id,
        m.track_key,
        m.export_row_id,
        m.poll_row_id,
        m.play_source,
        m.ended_at,
        m.match_reason,
        m.delta_seconds,
        m.is_near_duplicate,
        coalesce(m.ms_played, g.ms_played) as ms_played,
        coalesce(m.started_at, m.ended_at - to_milliseconds(g.ms_played)) as started_at,
        coalesce(g.time_grade, if(m.is_end_known, 'exact', 'bounded')) as time_grade,
        g.poll_row_id is not null as is_assumed
    from {{ ref('int_plays__matched') }} as m
    left join graded as g on m.poll_row_id = g.poll_row_id
    where m.is_counted
),

-- The clock changes seldom: most days have one offset, and so a play finds it by its day.
last_play as (
    select max(ended_at) + interval 1 day as last_at from {{ ref('int_plays__matched') }}
),

zone_days as (
    select
        z.*,
        unnest(range(date_trunc('day', z.from_at), least(z.until_at, l.last_at), interval 1 day)) as utc_day
    from {{ ref('int_zones__spanned') }} as z
    inner join last_play as l on z.from_at <= l.last_at
),

final as (
    select
        t.*,
        z.time_zone,
        t.started_at + z.utc_offset as local_started_at,
        t.ended_at + y.utc_offset as local_ended_at
    from timed as t
    left join zone_days as z
        on
            t.listener_id = z.listener_id
            and date_trunc('day', t.started_at) = z.utc_day
            and t.started_at >= z.from_at
            and t.started_at < z.until_at
    left join zone_days as y
        on
            t.listener_id = y.listener_id
            and date_trunc('day', t.ended_at) = y.utc_day
            and t.ended_at >= y.from_at
            and t.ended_at < y.until_at
)

select * from final
