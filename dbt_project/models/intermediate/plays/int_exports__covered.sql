-- Over 120 lines: which exports are whole is decided step by step (files, numbers, other downloads) before spans are
-- joined.
{%- set edge = 'to_seconds(' ~ var('match_window') ~ ' + if(is_to_the_minute, 60, 0))' %}

with

files_of_exports as (
    select * from {{ ref('int_exports__files') }}
),

export_rows as (
    select * from {{ ref('int_plays__export_times') }}
),

files as (
    select
        source_file,
        listener_id,
        export_id,
        lower(original_name) as file_name,
        file_name like 'streaminghistory%' as is_to_the_minute
    from files_of_exports
),

-- Videos and podcasts have files of their own, which say nothing of the time in which no music is missing.
files_without_music as (
    select source_file from files
    where {{ content_kind_of_file('file_name') }} <> ''
),

rows_of_exports as (
    select
        export_rows.listener_id,
        export_rows.export_id,
        export_rows.is_to_the_minute,
        min(export_rows.reported_end_at) as first_at,
        max(export_rows.reported_end_at) as last_at
    from export_rows
    anti join files_without_music on export_rows.source_file = files_without_music.source_file
    where
        export_rows.content_kind <> 'unreadable'
        -- A time before Spotify was, or after the download, is junk and covers nothing.
        and export_rows.reported_end_at between timestamp '2006-04-01' and export_rows.fetched_at + interval '1 day'
    group by all
),

-- Files of music are numbered (..._2014-2021_0.json), each kind by itself; a year is no number.
chunks as (
    select distinct
        listener_id,
        export_id,
        is_to_the_minute,
        regexp_replace(file_name, '[0-9-]+', '', 'g') as file_kind,
        file_name,
        try_cast(regexp_extract(file_name, '(\d+)\.json$', 1) as bigint) as chunk_number
    from files
    where
        regexp_matches(file_name, 'audio_|endsong|history_?(music)?_?\d+\.json')
        and chunk_number < 1000
),

chunks_of_exports as (
    select
        listener_id,
        export_id,
        is_to_the_minute,
        file_kind,
        min(chunk_number) as first_chunk,
        max(chunk_number) as last_chunk
    from chunks
    group by all
),

-- Another download cuts the files elsewhere when it gives a number that both have another name (other years).
cut_elsewhere as (
    select distinct
        own.export_id,
        other.export_id as other_export_id,
        own.listener_id,
        own.file_kind
    from chunks as own
    inner join chunks as other
        on
            own.listener_id = other.listener_id
            and own.file_kind = other.file_kind
            and own.chunk_number = other.chunk_number
    where own.file_name <> other.file_name
),

-- An export is whole when no file is missing between its first and its last; the same file of another download will do.
broken_exports as (
    select
        chunks_of_exports.listener_id,
        chunks_of_exports.export_id,
        chunks_of_exports.is_to_the_minute
    from chunks_of_exports
    inner join chunks
        on
            chunks_of_exports.listener_id = chunks.listener_id
            and chunks_of_exports.file_kind = chunks.file_kind
            and chunks.chunk_number between chunks_of_exports.first_chunk and chunks_of_exports.last_chunk
    anti join cut_elsewhere
        on
            chunks_of_exports.listener_id = cut_elsewhere.listener_id
            and chunks_of_exports.file_kind = cut_elsewhere.file_kind
            and chunks_of_exports.export_id = cut_elsewhere.export_id
            and chunks.export_id = cut_elsewhere.other_export_id
    group by
        chunks_of_exports.listener_id,
        chunks_of_exports.export_id,
        chunks_of_exports.is_to_the_minute,
        chunks_of_exports.file_kind,
        chunks_of_exports.first_chunk,
        chunks_of_exports.last_chunk
    having count(distinct chunks.chunk_number) < chunks_of_exports.last_chunk - chunks_of_exports.first_chunk + 1
),

whole_exports as (
    select rows_of_exports.*
    from rows_of_exports
    anti join broken_exports
        on
            rows_of_exports.listener_id = broken_exports.listener_id
            and rows_of_exports.export_id = broken_exports.export_id
            and rows_of_exports.is_to_the_minute = broken_exports.is_to_the_minute
),

-- Downloads overlap: their spans are joined into islands.
with_reach as (
    select
        *,
        max(last_at) over (
            partition by listener_id, is_to_the_minute order by first_at, last_at
            rows between unbounded preceding and 1 preceding
        ) as reach_before
    from whole_exports
),

numbered as (
    select
        *,
        count(if(reach_before is null or first_at > reach_before, 1, null)) over (
            partition by listener_id, is_to_the_minute order by first_at, last_at rows unbounded preceding
        ) as island
    from with_reach
),

final as (
    select
        listener_id,
        is_to_the_minute,
        min(first_at) as covered_from,
        max(last_at) as covered_until,
        -- A play that an export just misses may be listed a window away; a time to the minute may be a minute off.
        covered_from + {{ edge }} as surely_covered_from,
        covered_until - {{ edge }} as surely_covered_until,
        count(*) as export_count
    from numbered
    group by listener_id, is_to_the_minute, island
)

select * from final
