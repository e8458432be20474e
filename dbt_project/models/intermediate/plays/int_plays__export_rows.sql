-- Over 120 lines: times and equal rows are settled together, since equality depends on whether the end is known.
with

dirty_months as (
    select * from {{ ref('int_dirty__months') }}
),

offline_days as (
    select * from {{ ref('int_dirty__offline_days') }}
),

streaming_history as not materialized (
    select * from {{ ref('stg_spotify__streaming_history') }}
),

ranked_files as (
    select * from {{ ref('int_files__ranked') }}
),

files_of_exports as (
    select * from {{ ref('int_exports__files') }}
),

superseded as (
    select * from {{ ref('int_plays__superseded') }}
),

-- DuckDB expects next to nothing of these conditions: with whole rows it would gather the wrong side of each join.
near_keys as materialized (
    select
        row_key,
        reported_end_at
    from streaming_history
    where
        {{ is_reported_about_dirty_months() }}
        and (
            {{ is_in_window(exported_end_at()) }}
            {{ 'or ' ~ is_reported_with_offline_plays() if is_windowed() }}
        )
),

near_rows as (
    select * from streaming_history {{ 'semi join near_keys using (row_key, reported_end_at)' if is_windowed() }}
    {%- if is_windowed() %}
    union all
    select * from streaming_history
    where reported_end_at is null and {{ is_in_window(exported_end_at()) }}
    {%- endif %}
),

-- A download, by its names and sizes; a damaged copy of one of its files is a download of its own.
downloads as (
    select
        source_file,
        {{ name_of_download() }} as download
    from files_of_exports
    where original_name is not null
),

history as (
    select
        files.first_row_id + near_rows.row_number as row_id,
        near_rows.row_key,
        near_rows.listener_id,
        near_rows.export_id,
        coalesce(downloads.download, near_rows.export_id) as download,
        near_rows.source_file,
        near_rows.row_number,
        near_rows.fetched_at,
        {{
            content_kind_in_file(
                'near_rows.content_kind', 'near_rows.spotify_track_id', 'files_of_exports.original_name'
            )
        }} as content_kind,
        near_rows.format = 'account_data' as is_to_the_minute,
        near_rows.track_key,
        near_rows.track_name,
        near_rows.artist_name,
        near_rows.reported_end_at,
        near_rows.ms_played,
        superseded.better_row_key,
        near_rows.offline_started_at,
        {{ has_device_time() }} as has_device_time,
        {{ exported_end_at() }} as ended_at,
        coalesce(near_rows.is_offline, false) as is_offline,
        coalesce(near_rows.is_incognito, false) as is_incognito
    from near_rows
    inner join ranked_files as files on near_rows.source_file = files.source_file
    left join files_of_exports on near_rows.source_file = files_of_exports.source_file
    left join downloads on near_rows.source_file = downloads.source_file
    left join superseded on near_rows.row_key = superseded.row_key
),

timed as (
    select
        * exclude (is_offline),
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
    where content_kind = 'music' and better_row_key is null
    group by all
    having count(*) > 1
),

crowded as (
    select
        timed.row_id,
        timed.download,
        md5_number(concat_ws(
            '|', timed.listener_id, epoch_us(timed.reported_end_at), timed.ms_played,
            coalesce(epoch_us(timed.offline_started_at), 0), timed.is_to_the_minute,
            coalesce(if(crowds.is_mixed, {{ fold_name('timed.track_name') }}, null), cast(timed.track_key as varchar))
        )) as equal_rows,
        -- Equal rows are one play, unless their second (or minute) has room for more than one.
        not timed.is_end_known or (timed.is_to_the_minute and timed.ms_played < 60000) as is_each_a_play
    from timed
    inner join crowds
        on
            timed.listener_id = crowds.listener_id
            and timed.reported_end_at = crowds.reported_end_at
            and timed.ms_played = crowds.ms_played
            and timed.offline_started_at is not distinct from crowds.offline_started_at
            and timed.is_to_the_minute = crowds.is_to_the_minute
    where timed.content_kind = 'music' and timed.better_row_key is null
),

-- The nth of equal rows in one export is the nth of them in another.
numbered as (
    select
        *,
        if(
            is_each_a_play, row_number() over (partition by equal_rows, download order by row_id), 1
        ) as copy_number
    from crowded
),

with_first as (
    select
        row_id,
        first_value(row_id) over copies as first_row_id,
        if(download = lag(download) over copies, 'duplicate_in_export', 'other_export') as row_role
    from numbered
    window copies as (partition by equal_rows, copy_number order by row_id)
),

repeated_rows as (
    select * from with_first
    where row_id <> first_row_id
),

-- A row that lost letters belongs to the play of the better copy.
better_rows as (
    select
        timed.row_key,
        coalesce(repeated_rows.first_row_id, timed.row_id) as first_row_id
    from timed
    semi join superseded on timed.row_key = superseded.better_row_key
    left join repeated_rows on timed.row_id = repeated_rows.row_id
),

final as (
    select
        timed.row_id,
        timed.row_key,
        timed.listener_id,
        timed.export_id,
        timed.source_file,
        timed.row_number,
        timed.fetched_at,
        if(better_rows.row_key is null, timed.content_kind, 'music') as content_kind,
        timed.is_to_the_minute,
        timed.track_key,
        timed.reported_end_at,
        timed.ended_at - to_milliseconds(timed.ms_played) as started_at,
        timed.ended_at,
        timed.is_end_known,
        timed.ms_played,
        timed.is_incognito,
        coalesce(better_rows.first_row_id, repeated_rows.first_row_id, timed.row_id) as first_row_id,
        case
            when better_rows.row_key is not null then 'superseded'
            when timed.content_kind = 'music' then coalesce(repeated_rows.row_role, 'first')
        end as row_role
    from timed
    left join repeated_rows on timed.row_id = repeated_rows.row_id
    left join better_rows on timed.better_row_key = better_rows.row_key
)

select * from final
