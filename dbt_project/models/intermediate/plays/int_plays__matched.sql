with

exported as (
    select * from {{ ref('int_plays__exported') }}
    where not is_review
),

polled as (
    select * from {{ ref('int_plays__polled') }}
),

paired as (
    select * from polled
    where poll_role = 'paired'
),

account_rows as (
    select
        p.export_row_id,
        r.row_id,
        r.row_key
    from {{ ref('int_plays__account_pairs') }} as p
    inner join {{ ref('int_plays__export_rows') }} as r on p.account_row_id = r.row_id
),

-- The export wins the time, the poll the id, and whichever row landed first gives the key.
from_exports as (
    select
        least(e.export_row_id, p.poll_row_id, a.row_id) as play_id,
        case least(e.export_row_id, p.poll_row_id, a.row_id)
            when e.export_row_id then e.row_key
            when p.poll_row_id then p.row_key
            else a.row_key
        end as play_key,
        e.listener_id,
        if(p.track_key is null or p.track_key = 'unknown', e.track_key, p.track_key) as track_key,
        e.export_row_id,
        e.account_row_id,
        p.poll_row_id,
        if(p.poll_row_id is null, 'export', 'both') as play_source,
        e.started_at,
        e.ended_at,
        e.ms_played,
        e.is_end_known,
        e.is_to_the_minute,
        p.match_reason,
        p.delta_seconds
    from exported as e
    left join paired as p on e.export_row_id = p.export_row_id
    left join account_rows as a on e.export_row_id = a.export_row_id
),

from_polls as (
    select
        poll_row_id as play_id,
        row_key as play_key,
        listener_id,
        track_key,
        poll_row_id,
        'poll' as play_source,
        played_at as ended_at,
        true as is_end_known,
        false as is_to_the_minute
    from polled
    where poll_role = 'alone'
),

plays as (
    select * from from_exports
    union all by name
    select * from from_polls
),

-- The same length again within seconds, more than there was time for: perhaps one play that was told twice.
compared as (
    select
        play_id,
        play_key,
        listener_id,
        track_key,
        ms_played,
        ended_at,
        date_diff('millisecond', lag(ended_at) over same_length, ended_at)
        < least({{ var('near_duplicate_seconds') }} * 1000, coalesce(ms_played - 1000, 100000)) as is_near_duplicate
    from plays
    where is_end_known and not is_to_the_minute
    window same_length as (partition by listener_id, track_key, ms_played order by ended_at, play_id)
),

{% if var('count_near_duplicates') -%}
near_duplicates as (
    select
        play_id,
        play_key as counted_play_key,
        true as is_counted
    from compared
    where is_near_duplicate
),
{%- else -%}
near_duplicates as (
    select
        play_id,
        last_value(if(is_near_duplicate, null, play_key) ignore nulls) over (
            partition by listener_id, track_key, ms_played order by ended_at, play_id
        ) as counted_play_key,
        false as is_counted
    from compared
    qualify is_near_duplicate
),
{%- endif %}

final as (
    select
        p.*,
        n.play_id is not null as is_near_duplicate,
        coalesce(n.is_counted, true) as is_counted,
        coalesce(n.counted_play_key, p.play_key) as counted_play_key
    from plays as p
    left join near_duplicates as n on p.play_id = n.play_id
)

select * from final
