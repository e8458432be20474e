{%- set slot_us = '((' ~ var('match_window') ~ ' + 30) * 1000000)' %}
{%- set tight_ms = 5000 %}

with

export_spans as (
    select * from {{ ref('int_exports__covered') }}
),

polls as (
    select
        p.row_id,
        p.listener_id,
        p.played_at,
        p.track_key,
        exists (
            from export_spans as s
            where
                p.listener_id = s.listener_id
                and p.played_at between s.surely_covered_from and s.surely_covered_until
        ) as is_surely_covered
    from {{ ref('int_plays__poll_items') }} as p
),

polled_time as (
    select
        min(played_at) - interval 1 day as first_at,
        max(played_at) + interval 1 day as last_at
    from polls
),

-- Private sessions are never listed. The account data knows the minute only: its middle is meant.
exports as (
    select
        e.export_row_id,
        e.listener_id,
        e.track_key,
        e.ms_played,
        e.is_to_the_minute,
        if(e.is_to_the_minute, 30, 0) as blur_seconds,
        e.ended_at + to_seconds(blur_seconds) as export_ended_at,
        e.started_at + to_seconds(blur_seconds) as export_started_at
    from {{ ref('int_plays__exported') }} as e
    semi join polled_time as t on e.ended_at between t.first_at and t.last_at
    where not e.is_incognito and not e.is_review
),

stamps as (
    select
        *,
        'end' as stamp,
        export_ended_at as stamped_at
    from exports
    union all
    select
        *,
        'start' as stamp,
        export_started_at as stamped_at
    from exports
),

-- Both sides are put into slots as long as the widest window, so that near means the same slot or a neighbour.
slotted_polls as (
    select
        *,
        unnest([-1, 0, 1]) + epoch_us(played_at) // {{ slot_us }} as slot
    from polls
),

near as (
    select
        p.row_id as poll_row_id,
        p.listener_id,
        p.played_at,
        p.track_key as poll_track_key,
        p.is_surely_covered,
        e.export_row_id,
        e.track_key as export_track_key,
        e.export_ended_at,
        e.stamp,
        date_diff('millisecond', e.stamped_at, p.played_at) as delta_ms,
        date_diff('millisecond', e.export_ended_at, p.played_at) as end_delta_ms,
        1000 * ({{ var('match_window') }} + e.blur_seconds) as window_ms,
        e.ms_played
    from slotted_polls as p
    inner join stamps as e
        on p.listener_id = e.listener_id and p.slot = epoch_us(e.stamped_at) // {{ slot_us }}
    where
        abs(delta_ms) <= window_ms
        -- The start counts only where the end is not near.
        and (e.stamp = 'end' or abs(end_delta_ms) > window_ms)
),

-- An item without a track that stands right at the end of a row most likely tells of it.
claimed as (
    select distinct export_row_id
    from near
    where poll_track_key = 'unknown' and stamp = 'end' and abs(delta_ms) <= {{ tight_ms }}
),

-- What a pair costs, in milliseconds apart: the start is a second choice, and polls seldom list a play under 30 s.
costed as (
    select
        n.*,
        c.export_row_id is not null and n.poll_track_key <> 'unknown' as is_claimed_by_another,
        abs(n.delta_ms) + if(n.stamp = 'start', 300000, 0) + if(n.ms_played < 30000, 20000, 0) as cost
    from near as n
    left join claimed as c on n.export_row_id = c.export_row_id
),

final as (
    select
        * exclude (delta_ms, end_delta_ms, window_ms, ms_played, is_claimed_by_another),
        round(delta_ms / 1000.0, 3) as delta_seconds,
        -- First as many pairs as can be; of these as many as can be of items in time that exports surely cover, since
        -- one outside may well be a play of its own, and as many as can be that leave a row to the item that stands at
        -- it; then the nearest.
        1000000000000
        + if(is_surely_covered, 1000000000, 0)
        - if(is_claimed_by_another, 1000000000, 0)
        - cost as gain,
        stamp = 'end' and cost <= {{ tight_ms }} and not is_claimed_by_another as is_tight
    from costed
)

select * from final
