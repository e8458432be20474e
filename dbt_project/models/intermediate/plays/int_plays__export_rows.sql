with

history as (
    select
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

-- One song under two ids at the same second: two exports name it differently.
mixed_seconds as (
    select listener_id, reported_end_at, ms_played, offline_started_at, is_to_the_minute
    from timed
    where content_kind = 'music'
    group by all
    having min(track_key) <> max(track_key)
),

keyed as (
    select
        t.*,
        {{ surrogate_key([
            't.listener_id', 'epoch_us(t.reported_end_at)', 't.ms_played', 'epoch_us(t.offline_started_at)',
            't.is_to_the_minute',
            "if(m.listener_id is null, t.track_key, coalesce(" ~ fold_name('t.track_name') ~ ", t.track_key))"
        ]) }} as equal_rows_key,
        -- Equal rows are one play, unless their second (or minute) has room for more than one.
        not t.is_end_known or (t.is_to_the_minute and t.ms_played < 60000) as is_each_a_play
    from timed as t
    left join mixed_seconds as m
        on
            t.listener_id = m.listener_id
            and t.reported_end_at = m.reported_end_at
            and t.ms_played = m.ms_played
            and t.offline_started_at is not distinct from m.offline_started_at
            and t.is_to_the_minute = m.is_to_the_minute
    where t.content_kind = 'music'
),

-- The nth of equal rows in one export is the nth of them in another.
numbered as (
    select
        *,
        row_number() over (
            partition by equal_rows_key, export_id order by fetched_at, source_file, row_number
        ) as copy_number
    from keyed
    where is_each_a_play
    union all by name
    select *, 1 as copy_number
    from keyed
    where not is_each_a_play
),

with_first as (
    select
        *,
        first_value(row_key) over copies as first_row_key,
        lag(export_id) over copies as export_before
    from numbered
    window copies as (partition by equal_rows_key, copy_number order by fetched_at, source_file, row_number)
),

final as (
    select
        row_key,
        listener_id,
        export_id,
        source_file,
        row_number,
        fetched_at,
        content_kind,
        is_to_the_minute,
        track_key,
        reported_end_at,
        ended_at - to_milliseconds(ms_played) as started_at,
        ended_at,
        is_end_known,
        ms_played,
        is_incognito,
        first_row_key,
        case
            when row_key = first_row_key then 'first'
            when export_id = export_before then 'duplicate_in_export'
            else 'other_export'
        end as row_role
    from with_first
    union all by name
    select
        row_key, listener_id, export_id, source_file, row_number, fetched_at, content_kind, is_to_the_minute,
        track_key, reported_end_at, ms_played, is_incognito
    from timed
    where content_kind <> 'music'
)

select * from final
