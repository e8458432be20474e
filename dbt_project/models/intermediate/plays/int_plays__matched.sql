with

exported as (
    select * from {{ ref('int_plays__exported') }}
    where not is_review
),

export_rows as (
    select * from {{ ref('int_plays__export_rows') }}
    where row_role = 'first'
),

polled as (
    select * from {{ ref('int_plays__polled') }}
),

paired as (
    select * from polled
    where poll_role = 'paired'
),

-- The rows that tell of one play, where there is more than one source: the earliest landed gives the key.
witnesses as (
    select export_row_key, poll_row_key as row_key, fetched_at, source_file, row_number
    from paired
    union all
    select e.export_row_key, r.row_key, r.fetched_at, r.source_file, r.row_number
    from exported as e
    inner join export_rows as r on r.row_key in (e.export_row_key, e.account_row_key)
    where e.account_row_key is not null
    union all
    select r.row_key, r.row_key, r.fetched_at, r.source_file, r.row_number
    from export_rows as r
    semi join paired as p on r.row_key = p.export_row_key
),

play_keys as (
    select
        export_row_key,
        arg_min(row_key, (fetched_at, source_file, row_number)) as play_key
    from witnesses
    group by export_row_key
),

-- The export wins the time, the poll the id.
from_exports as (
    select
        coalesce(k.play_key, e.export_row_key) as play_key,
        e.listener_id,
        if(p.track_key is null or p.track_key = 'unknown', e.track_key, p.track_key) as track_key,
        e.export_row_key,
        e.account_row_key,
        p.poll_row_key,
        if(p.poll_row_key is null, 'export', 'both') as play_source,
        e.started_at,
        e.ended_at,
        e.ms_played,
        e.is_end_known,
        e.is_to_the_minute,
        p.match_reason,
        p.delta_seconds
    from exported as e
    left join paired as p on e.export_row_key = p.export_row_key
    left join play_keys as k on e.export_row_key = k.export_row_key
),

from_polls as (
    select
        poll_row_key as play_key,
        listener_id,
        track_key,
        poll_row_key,
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
        *,
        coalesce(
            is_end_known
            and not is_to_the_minute
            and date_diff('millisecond', lag(ended_at) over same_length, ended_at)
            < least({{ var('near_duplicate_seconds') }} * 1000, coalesce(ms_played - 1000, 100000)),
            false
        ) as is_near_duplicate
    from plays
    window same_length as (
        partition by listener_id, track_key, ms_played, is_end_known order by ended_at, play_key
    )
),

{% if var('count_near_duplicates') -%}
final as (
    select
        *,
        true as is_counted,
        play_key as counted_play_key
    from compared
)
{%- else -%}
final as (
    select
        *,
        not is_near_duplicate as is_counted,
        last_value(if(is_near_duplicate, null, play_key) ignore nulls) over (
            partition by listener_id, track_key, ms_played, is_end_known order by ended_at, play_key
        ) as counted_play_key
    from compared
)
{%- endif %}

select * from final
