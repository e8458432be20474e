-- Over 120 lines: all that makes a pair possible, and what it costs, stands in one place.
{%- set slot_us = '((' ~ var('match_window') ~ ' + 30) * 1000000)' %}
{%- set tight_ms = 5000 %}

with

export_spans as (
    select * from {{ ref('int_exports__covered') }}
),

-- What is known to be no music, and a play that an earlier item lists, is not looked for in exports.
poll_items as (
    select * from {{ ref('int_plays__poll_items') }}
    where content_kind in ('music', 'unidentified') and first_row_id = row_id
),

exported_plays as (
    select * from {{ ref('int_plays__exported') }}
),

polls as (
    select
        poll_items.row_id,
        poll_items.listener_id,
        poll_items.played_at,
        poll_items.track_key,
        exists (
            from export_spans
            where
                poll_items.listener_id = export_spans.listener_id
                and poll_items.played_at between export_spans.surely_covered_from and export_spans.surely_covered_until
        ) as is_surely_covered
    from poll_items
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
        exported_plays.export_row_id,
        exported_plays.listener_id,
        exported_plays.track_key,
        exported_plays.ms_played,
        exported_plays.is_to_the_minute,
        if(exported_plays.is_to_the_minute, 30, 0) as blur_seconds,
        exported_plays.ended_at + to_seconds(blur_seconds) as export_ended_at,
        exported_plays.started_at + to_seconds(blur_seconds) as export_started_at
    from exported_plays
    semi join polled_time on exported_plays.ended_at between polled_time.first_at and polled_time.last_at
    where not exported_plays.is_incognito and not exported_plays.is_review
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
        slotted_polls.row_id as poll_row_id,
        slotted_polls.listener_id,
        slotted_polls.played_at,
        slotted_polls.track_key as poll_track_key,
        slotted_polls.is_surely_covered,
        stamps.export_row_id,
        stamps.track_key as export_track_key,
        stamps.export_ended_at,
        stamps.stamp,
        date_diff('millisecond', stamps.stamped_at, slotted_polls.played_at) as delta_ms,
        date_diff('millisecond', stamps.export_ended_at, slotted_polls.played_at) as end_delta_ms,
        1000 * ({{ var('match_window') }} + stamps.blur_seconds) as window_ms,
        stamps.ms_played
    from slotted_polls
    inner join stamps
        on
            slotted_polls.listener_id = stamps.listener_id
            and slotted_polls.slot = epoch_us(stamps.stamped_at) // {{ slot_us }}
    where
        abs(delta_ms) <= window_ms
        -- The start counts only where the end is not near.
        and (stamps.stamp = 'end' or abs(end_delta_ms) > window_ms)
),

-- An item without a track that stands right at the end of a row most likely records it.
claimed as (
    select distinct export_row_id
    from near
    where poll_track_key = 0 and stamp = 'end' and abs(delta_ms) <= {{ tight_ms }}
),

-- What a pair costs, in milliseconds apart: the start is a second choice, and polls seldom list a play under 30 s.
costed as (
    select
        near.*,
        claimed.export_row_id is not null and near.poll_track_key <> 0 as is_claimed_by_another,
        abs(near.delta_ms) + if(near.stamp = 'start', 300000, 0) + if(near.ms_played < 30000, 20000, 0) as cost
    from near
    left join claimed on near.export_row_id = claimed.export_row_id
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
