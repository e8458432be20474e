{%- set crossfade_ms = 1000 * (var('crossfade_seconds') + 3) %}

with

matched as (
    select * from {{ ref('int_plays__matched') }}
    where is_counted
),

polled as (
    select * from {{ ref('int_plays__polled') }}
    where poll_role = 'alone'
),

-- A poll tells no length: the whole track is assumed, as far as the play before it leaves room.
alone as (
    select
        p.poll_row_key,
        p.listener_id,
        p.played_at,
        coalesce(p.duration_ms, {{ var('assumed_ms') }}) as full_ms
    from polled as p
),

ends as (
    select
        listener_id,
        ended_at
    from matched
    where is_end_known
),

with_neighbour as (
    select
        a.*,
        date_diff('millisecond', e.ended_at, a.played_at) as room_ms
    from alone as a
    asof left join ends as e on a.listener_id = e.listener_id and a.played_at > e.ended_at
),

graded as (
    select
        poll_row_key,
        if(room_ms < full_ms - {{ crossfade_ms }}, room_ms, full_ms) as ms_played,
        if(room_ms < full_ms - {{ crossfade_ms }}, 'bounded', 'assumed') as time_grade
    from with_neighbour
),

timed as (
    select
        m.* exclude (started_at, ms_played, is_counted, counted_play_key),
        coalesce(m.ms_played, g.ms_played) as ms_played,
        coalesce(m.started_at, m.ended_at - to_milliseconds(g.ms_played)) as started_at,
        coalesce(g.time_grade, if(m.is_end_known, 'exact', 'bounded')) as time_grade,
        g.poll_row_key is not null as is_assumed
    from matched as m
    left join graded as g on m.poll_row_key = g.poll_row_key
),

zones as (
    select * from {{ ref('int_zones__spanned') }}
),

final as (
    select
        t.*,
        z.time_zone,
        t.started_at + z.utc_offset as local_started_at,
        t.ended_at + y.utc_offset as local_ended_at
    from timed as t
    asof left join zones as z on t.listener_id = z.listener_id and t.started_at >= z.from_at
    asof left join zones as y on t.listener_id = y.listener_id and t.ended_at >= y.from_at
)

select * from final
