with

export_rows as (
    select * from {{ ref('int_plays__export_rows') }}
),

exported as (
    select * from {{ ref('int_plays__exported') }}
),

polled as (
    select * from {{ ref('int_plays__polled') }}
),

matched as (
    select * from {{ ref('int_plays__matched') }}
),

-- The play that the first of equal export rows belongs to, and how.
plays_of_first_rows as (
    select
        m.export_row_id as first_row_id,
        m.counted_play_key as play_key,
        if(m.is_counted, 'counted', 'near_duplicate') as fate,
        cast(null as varchar) as match_reason,
        cast(null as double) as delta_seconds
    from matched as m
    where m.export_row_id is not null
    union all
    select
        m.account_row_id as first_row_id,
        m.counted_play_key as play_key,
        'merged' as fate,
        'name_minute' as match_reason,
        cast(null as double) as delta_seconds
    from matched as m
    where m.account_row_id is not null
    union all
    select
        export_row_id as first_row_id,
        cast(null as varchar) as play_key,
        'review' as fate,
        cast(null as varchar) as match_reason,
        cast(null as double) as delta_seconds
    from exported
    where is_review
),

from_exports as (
    select
        r.row_key as source_row_key,
        r.listener_id,
        'export' as source,
        r.source_file,
        r.row_number,
        r.content_kind,
        case
            when r.content_kind <> 'music' then 'excluded_' || r.content_kind
            when r.row_role = 'duplicate_in_export' then 'duplicate_in_export'
            when r.row_role = 'other_export' and p.fate <> 'review' then 'merged'
            else p.fate
        end as fate,
        p.play_key,
        if(r.row_role = 'first', p.match_reason, if(r.content_kind = 'music', 'equal_row', null)) as match_reason,
        p.delta_seconds,
        r.reported_end_at,
        r.fetched_at
    from export_rows as r
    left join plays_of_first_rows as p on r.first_row_id = p.first_row_id
),

from_polls as (
    select
        p.row_key as source_row_key,
        p.listener_id,
        'poll' as source,
        p.source_file,
        p.row_number,
        if(p.track_key = 'unknown', 'unidentified', 'music') as content_kind,
        case
            when p.poll_role = 'paired' then 'merged'
            when p.poll_role = 'review' then 'review'
            when m.is_counted then 'counted'
            else 'near_duplicate'
        end as fate,
        m.counted_play_key as play_key,
        p.match_reason,
        p.delta_seconds,
        p.played_at as reported_end_at,
        p.fetched_at
    from polled as p
    left join matched as m on p.poll_row_id = m.poll_row_id
),

final as (
    select * from from_exports
    union all
    select * from from_polls
)

select
    source_row_key,
    listener_id,
    source,
    source_file,
    row_number,
    content_kind,
    fate,
    play_key,
    match_reason,
    delta_seconds,
    reported_end_at,
    fetched_at
from final
