{%- set edge = 'to_seconds(' ~ var('match_window') ~ ' + if(is_to_the_minute, 60, 0))' %}

with

rows_of_exports as (
    select
        listener_id,
        export_id,
        is_to_the_minute,
        min(reported_end_at) as first_at,
        max(reported_end_at) as last_at
    from {{ ref('int_plays__export_rows') }}
    where
        content_kind <> 'unreadable'
        -- A time before Spotify was, or after the download, is junk and covers nothing.
        and reported_end_at between timestamp '2006-04-01' and fetched_at + interval '1 day'
    group by all
),

-- Files of music are numbered (..._2014-2021_0.json); a year is no number.
chunks as (
    select distinct
        listener_id,
        export_id,
        try_cast(regexp_extract(original_name, '(\d+)\.json$', 1) as bigint) as chunk_number
    from {{ ref('stg_ops__landed_files') }}
    where
        entity = 'streaming_history'
        and regexp_matches(lower(original_name), 'audio_|endsong|history_?(music)?_?\d+\.json')
        and try_cast(regexp_extract(original_name, '(\d+)\.json$', 1) as bigint) < 1000
),

chunks_of_exports as (
    select
        listener_id,
        export_id,
        min(chunk_number) as first_chunk,
        max(chunk_number) as last_chunk
    from chunks
    group by listener_id, export_id
),

-- An export is whole when no file is missing between its first and its last; the same file of another download will do.
broken_exports as (
    select
        e.listener_id,
        e.export_id
    from chunks_of_exports as e
    inner join chunks as c
        on e.listener_id = c.listener_id and c.chunk_number between e.first_chunk and e.last_chunk
    group by e.listener_id, e.export_id, e.first_chunk, e.last_chunk
    having count(distinct c.chunk_number) < e.last_chunk - e.first_chunk + 1
),

whole_exports as (
    select e.*
    from rows_of_exports as e
    anti join broken_exports as b on e.listener_id = b.listener_id and e.export_id = b.export_id
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
