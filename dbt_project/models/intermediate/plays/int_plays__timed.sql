{%- set crossfade_ms = '1000 * (' ~ var('crossfade_seconds') ~ ' + 3)' %}

with

polled_items as (
    select * from {{ ref('int_plays__polled') }}
),

matched_plays as not materialized (
    select * from {{ ref('int_plays__matched') }}
),

zone_spans as (
    select * from {{ ref('int_zones__spanned') }}
),

-- A poll has no length: the whole track is assumed, as far as the play before it leaves room.
alone as (
    select
        poll_row_id,
        listener_id,
        played_at,
        coalesce(duration_ms, {{ var('assumed_ms') }}) as full_ms
    from polled_items
    where poll_role = 'alone'
),

ends as (
    select
        listener_id,
        ended_at
    from matched_plays
    where is_end_known and ended_at >= (select min(played_at) - interval 1 day from alone)
),

with_room as (
    select
        alone.poll_row_id,
        alone.full_ms,
        date_diff('millisecond', ends.ended_at, alone.played_at) as room_ms
    from alone
    asof left join ends on alone.listener_id = ends.listener_id and alone.played_at > ends.ended_at
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
        matched_plays.play_id,
        matched_plays.play_key,
        matched_plays.listener_id,
        matched_plays.track_key,
        matched_plays.export_row_id,
        matched_plays.poll_row_id,
        matched_plays.play_source,
        matched_plays.ended_at,
        matched_plays.match_reason,
        matched_plays.delta_seconds,
        matched_plays.is_near_duplicate,
        coalesce(matched_plays.ms_played, graded.ms_played) as ms_played,
        coalesce(matched_plays.started_at, matched_plays.ended_at - to_milliseconds(graded.ms_played)) as started_at,
        coalesce(graded.time_grade, if(matched_plays.is_end_known, 'exact', 'bounded')) as time_grade,
        graded.poll_row_id is not null as is_assumed
    from matched_plays
    left join graded on matched_plays.poll_row_id = graded.poll_row_id
),

-- The clock changes seldom: most days have one offset, and so a play finds it by its day.
last_play as (
    select max(ended_at) + interval 1 day as last_at from matched_plays
),

zone_days as (
    select
        zone_spans.*,
        unnest(
            range(date_trunc('day', zone_spans.from_at), least(zone_spans.until_at, last_play.last_at), interval 1 day)
        ) as utc_day
    from zone_spans
    inner join last_play on zone_spans.from_at <= last_play.last_at
),

final as (
    select
        timed.*,
        start_zones.time_zone,
        timed.started_at + start_zones.utc_offset as local_started_at,
        timed.ended_at + end_zones.utc_offset as local_ended_at
    from timed
    left join zone_days as start_zones
        on
            timed.listener_id = start_zones.listener_id
            and date_trunc('day', timed.started_at) = start_zones.utc_day
            and timed.started_at >= start_zones.from_at
            and timed.started_at < start_zones.until_at
    left join zone_days as end_zones
        on
            timed.listener_id = end_zones.listener_id
            and date_trunc('day', timed.ended_at) = end_zones.utc_day
            and timed.ended_at >= end_zones.from_at
            and timed.ended_at < end_zones.until_at
)

select * from final
