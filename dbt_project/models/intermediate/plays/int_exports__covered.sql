{%- set edge = 'to_seconds(' ~ var('match_window') ~ ' + if(is_to_the_minute, 60, 0))' %}

with

files as (
    select
        source_file,
        listener_id,
        export_id,
        lower(original_name) as file_name,
        file_name like 'streaminghistory%' as is_to_the_minute
    from {{ ref('stg_ops__landed_files') }}
    where entity = 'streaming_history'
),

-- Videos and podcasts have files of their own, which say nothing of the time in which no music is missing.
files_without_music as (
    select source_file from files
    where regexp_matches(file_name, 'video|podcast|audiobook')
),

rows_of_exports as (
    select
        r.listener_id,
        r.export_id,
        r.is_to_the_minute,
        min(r.reported_end_at) as first_at,
        max(r.reported_end_at) as last_at
    from {{ ref('int_plays__export_rows') }} as r
    anti join files_without_music as f on r.source_file = f.source_file
    where
        r.content_kind <> 'unreadable'
        -- A time before Spotify was, or after the download, is junk and covers nothing.
        and r.reported_end_at between timestamp '2006-04-01' and r.fetched_at + interval '1 day'
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
        a.export_id,
        b.export_id as other_export_id,
        a.listener_id,
        a.file_kind
    from chunks as a
    inner join chunks as b
        on a.listener_id = b.listener_id and a.file_kind = b.file_kind and a.chunk_number = b.chunk_number
    where a.file_name <> b.file_name
),

-- An export is whole when no file is missing between its first and its last; the same file of another download will do.
broken_exports as (
    select
        e.listener_id,
        e.export_id,
        e.is_to_the_minute
    from chunks_of_exports as e
    inner join chunks as c
        on
            e.listener_id = c.listener_id
            and e.file_kind = c.file_kind
            and c.chunk_number between e.first_chunk and e.last_chunk
    anti join cut_elsewhere as o
        on
            e.listener_id = o.listener_id
            and e.file_kind = o.file_kind
            and e.export_id = o.export_id
            and c.export_id = o.other_export_id
    group by e.listener_id, e.export_id, e.is_to_the_minute, e.file_kind, e.first_chunk, e.last_chunk
    having count(distinct c.chunk_number) < e.last_chunk - e.first_chunk + 1
),

whole_exports as (
    select e.*
    from rows_of_exports as e
    anti join broken_exports as b
        on
            e.listener_id = b.listener_id
            and e.export_id = b.export_id
            and e.is_to_the_minute = b.is_to_the_minute
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
        count(*) filter (reach_before is null or first_at > reach_before) over (
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
