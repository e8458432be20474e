with

history as (
    select
        files.first_row_id + h.row_number as row_id,
        h.row_key,
        h.listener_id,
        h.export_id,
        h.source_file,
        h.row_number,
        h.fetched_at,
        if(
            h.content_kind = 'music' and coalesce(f.original_name ilike '%video%', false), 'video', h.content_kind
        ) as content_kind,
        h.format = 'account_data' as is_to_the_minute,
        h.track_key,
        h.track_name,
        h.artist_name,
        h.reported_end_at,
        h.ms_played,
        h.offline_started_at,
        h.offline_started_at + to_milliseconds(h.ms_played) as offline_end_at,
        coalesce(h.is_offline, false) as is_offline,
        coalesce(h.is_incognito, false) as is_incognito
    from {{ ref('stg_spotify__streaming_history') }} as h
    inner join {{ ref('int_files__ranked') }} as files on h.source_file = files.source_file
    left join {{ ref('stg_ops__landed_files') }} as f on h.source_file = f.source_file
),

-- A play without a connection ended when the device says; where that can't be, ts is only the time of the sync.
timed as (
    select
        * exclude (is_offline, offline_end_at),
        coalesce(
            is_offline and offline_end_at
            between reported_end_at - interval '{{ var("offline_max_days") }} days'
            and reported_end_at + interval '{{ var("offline_max_clock_error_minutes") }} minutes',
            false
        ) as has_device_time,
        if(has_device_time, offline_end_at, reported_end_at) as ended_at,
        not is_offline or has_device_time as is_end_known
    from history
),

-- Most rows stand alone at their second. Of the others, two exports may give one song two ids (is_mixed).
crowds as (
    select
        listener_id,
        reported_end_at,
        ms_played,
        offline_started_at,
        is_to_the_minute,
        min(track_key) <> max(track_key) as is_mixed
    from timed
    where content_kind = 'music'
    group by all
    having count(*) > 1
),

crowded as (
    select
        t.row_id,
        t.export_id,
        md5_number(concat_ws(
            '|', t.listener_id, epoch_us(t.reported_end_at), t.ms_played, coalesce(epoch_us(t.offline_started_at), 0),
            t.is_to_the_minute, if(c.is_mixed, coalesce({{ fold_name('t.track_name') }}, t.track_key), t.track_key)
        )) as equal_rows,
        -- Equal rows are one play, unless their second (or minute) has room for more than one.
        not t.is_end_known or (t.is_to_the_minute and t.ms_played < 60000) as is_each_a_play
    from timed as t
    inner join crowds as c
        on
            t.listener_id = c.listener_id
            and t.reported_end_at = c.reported_end_at
            and t.ms_played = c.ms_played
            and t.offline_started_at is not distinct from c.offline_started_at
            and t.is_to_the_minute = c.is_to_the_minute
    where t.content_kind = 'music'
),

-- The nth of equal rows in one export is the nth of them in another.
numbered as (
    select
        *,
        if(
            is_each_a_play, row_number() over (partition by equal_rows, export_id order by row_id), 1
        ) as copy_number
    from crowded
),

with_first as (
    select
        row_id,
        first_value(row_id) over copies as first_row_id,
        if(export_id = lag(export_id) over copies, 'duplicate_in_export', 'other_export') as row_role
    from numbered
    window copies as (partition by equal_rows, copy_number order by row_id)
),

told_again as (
    select * from with_first
    where row_id <> first_row_id
),

final as (
    select
        t.row_id,
        t.row_key,
        t.listener_id,
        t.export_id,
        t.source_file,
        t.row_number,
        t.fetched_at,
        t.content_kind,
        t.is_to_the_minute,
        t.track_key,
        t.reported_end_at,
        t.ended_at - to_milliseconds(t.ms_played) as started_at,
        t.ended_at,
        t.is_end_known,
        t.ms_played,
        t.is_incognito,
        coalesce(a.first_row_id, t.row_id) as first_row_id,
        case when t.content_kind = 'music' then coalesce(a.row_role, 'first') end as row_role
    from timed as t
    left join told_again as a on t.row_id = a.row_id
)

select * from final
