-- Over 120 lines: three kinds of change (files, offline rows, pointers), each compared with what the facts hold.
with

files as (
    select * from {{ ref('int_built__files') }}
),

pointers as (
    select * from {{ ref('int_built__pointers') }}
),

export_rows as not materialized (
    select * from {{ ref('int_plays__export_times') }}
),

recently_played as not materialized (
    select * from {{ ref('stg_spotify__recently_played') }}
),

files_before as (
    select * from {{ built_files() }}
),

pointers_before as (
    select * from {{ built_pointers() }}
),

plays_before as (
    select * from {{ built_plays() }}
),

source_rows_before as (
    select * from {{ built_source_rows() }}
),

changed_files as (
    select distinct source_file
    from (
        (
            select * from files
            except
            select * from files_before
        )
        union all
        (
            select * from files_before
            except
            select * from files
        )
    ) as differences
),

-- Rows of new files, and what became of the rows of files that are gone or changed.
changed_rows as (
    select
        listener_id,
        ended_at,
        reported_end_at
    from export_rows
    semi join changed_files on export_rows.source_file = changed_files.source_file
    union all
    select
        listener_id,
        played_at as ended_at,
        played_at as reported_end_at
    from recently_played
    semi join changed_files on recently_played.source_file = changed_files.source_file
    union all
    select
        listener_id,
        ended_at,
        reported_end_at
    from source_rows_before
    semi join changed_files on source_rows_before.source_file = changed_files.source_file
),

-- Rows of exports are compared by the time that they report, which of an offline play may be weeks after its end.
reported_days as (
    select distinct
        listener_id,
        unnest(range(
            date_trunc('day', reported_end_at) - {{ margin() }},
            date_trunc('day', reported_end_at) + {{ margin() }} + interval 1 day,
            interval 1 day
        )) as reported_day
    from changed_rows
),

offline_rows as (
    select
        export_rows.listener_id,
        export_rows.ended_at
    from export_rows
    semi join reported_days
        on
            export_rows.listener_id = reported_days.listener_id
            and date_trunc('day', export_rows.reported_end_at) = reported_days.reported_day
    where export_rows.ended_at <> export_rows.reported_end_at
),

changed_pointers as (
    select distinct
        kind,
        pointer
    from (
        (
            select * from pointers
            except
            select * from pointers_before
        )
        union all
        (
            select * from pointers_before
            except
            select * from pointers
        )
    ) as differences
),

moments as (
    select
        listener_id,
        ended_at,
        'rows' as reason
    from changed_rows
    union all
    select
        listener_id,
        ended_at,
        'rows' as reason
    from offline_rows
    union all
    select
        listener_id,
        ended_at,
        'tracks' as reason
    from plays_before
    where
        track_key in (
            select pointer from changed_pointers
            where kind = 'track'
        )
        or play_key in (
            select pointer from changed_pointers
            where kind = 'play'
        )
),

final as (
    select
        listener_id,
        reason,
        coalesce(min(ended_at), timestamp '1970-01-01') as from_at,
        coalesce(max(ended_at), timestamp '1970-01-01') as until_at
    from moments
    group by listener_id, reason, date_trunc('day', ended_at)
)

select * from final
