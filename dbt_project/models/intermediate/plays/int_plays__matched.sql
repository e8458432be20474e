with

exported as (
    select * from {{ ref('int_plays__exported') }}
    where not is_review
),

polled as (
    select * from {{ ref('int_plays__polled') }}
),

account_pairs as (
    select * from {{ ref('int_plays__account_pairs') }}
),

export_rows as not materialized (
    select * from {{ ref('int_plays__export_rows') }}
),

paired as (
    select * from polled
    where poll_role = 'paired'
),

-- The earliest of the rows that lost letters and are superseded by this one.
superseded_rows as (
    select
        first_row_id,
        min(row_id) as row_id,
        arg_min(row_key, row_id) as row_key
    from export_rows
    where row_role = 'superseded'
    group by first_row_id
),

account_rows as (
    select
        account_pairs.export_row_id,
        least(export_rows.row_id, superseded_rows.row_id) as row_id,
        if(superseded_rows.row_id < export_rows.row_id, superseded_rows.row_key, export_rows.row_key) as row_key
    from account_pairs
    inner join export_rows on account_pairs.account_row_id = export_rows.row_id
    left join superseded_rows on export_rows.row_id = superseded_rows.first_row_id
),

-- The export wins the time, the poll the id, and whichever row landed first gives the key.
from_exports as (
    select
        least(exported.export_row_id, paired.poll_row_id, account_rows.row_id, superseded_rows.row_id) as play_id,
        case play_id
            when exported.export_row_id then exported.row_key
            when paired.poll_row_id then paired.row_key
            when superseded_rows.row_id then superseded_rows.row_key
            else account_rows.row_key
        end as play_key,
        exported.listener_id,
        if(paired.track_key is null or paired.track_key = 0, exported.track_key, paired.track_key) as track_key,
        exported.export_row_id,
        exported.account_row_id,
        paired.poll_row_id,
        if(paired.poll_row_id is null, 'export', 'both') as play_source,
        exported.started_at,
        exported.ended_at,
        exported.ms_played,
        exported.is_end_known,
        exported.is_to_the_minute,
        paired.match_reason,
        paired.delta_seconds
    from exported
    left join paired on exported.export_row_id = paired.export_row_id
    left join account_rows on exported.export_row_id = account_rows.export_row_id
    left join superseded_rows on exported.export_row_id = superseded_rows.first_row_id
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

-- The same length again within seconds, with less time between than it takes: one play that was recorded twice.
compared as (
    select
        play_id,
        date_diff('millisecond', lag(ended_at) over same_length, ended_at)
        < least({{ var('near_duplicate_seconds') }} * 1000, coalesce(ms_played - 1000, 100000)) as is_near_duplicate
    from plays
    where is_end_known and not is_to_the_minute
    window same_length as (partition by listener_id, track_key, ms_played order by ended_at, play_id)
),

final as (
    select
        plays.*,
        coalesce(compared.is_near_duplicate, false) as is_near_duplicate
    from plays
    left join compared on plays.play_id = compared.play_id
)

select * from final
