with recursive

streaming_history as not materialized (
    select * from {{ ref('stg_spotify__streaming_history') }}
),

files_of_exports as (
    select * from {{ ref('int_exports__files') }}
),

-- Only rows of one time and length are compared, and most have nobody to be compared with.
doubtful_times as (
    select distinct
        listener_id,
        reported_end_at,
        ms_played
    from streaming_history
    where lost_letters > 0 or spotify_track_id is null
),

same_times as (
    select streaming_history.*
    from streaming_history
    semi join doubtful_times
        on
            streaming_history.listener_id = doubtful_times.listener_id
            and streaming_history.reported_end_at = doubtful_times.reported_end_at
            and streaming_history.ms_played = doubtful_times.ms_played
),

history as (
    select
        same_times.row_key,
        same_times.listener_id,
        same_times.file_sha256,
        files_of_exports.original_name,
        same_times.row_number,
        same_times.format = 'account_data' as is_to_the_minute,
        same_times.reported_end_at,
        same_times.ms_played,
        same_times.lost_letters,
        same_times.spotify_track_id,
        same_times.spotify_track_uri,
        same_times.track_key,
        same_times.track_name,
        same_times.artist_name,
        same_times.fetched_at,
        {{
            content_kind_in_file(
                'same_times.content_kind', 'same_times.spotify_track_id', 'files_of_exports.original_name'
            )
        }} as content_kind
    from same_times
    left join files_of_exports on same_times.source_file = files_of_exports.source_file
),

-- A row without an id is known by its names alone: with other letters in them it would be another play.
doubtful as (
    select * from history
    where
        (lost_letters > 0 or spotify_track_id is null)
        and content_kind in ('music', 'unidentified')
),

-- The same row of another copy of its file, or a row of the same time and length whose names can have been those.
pairs as (
    select
        doubtful.row_key,
        copies.row_key as better_row_key,
        {{ quality_of_names('copies') }} as better_quality
    from doubtful
    inner join history as copies
        on
            doubtful.listener_id = copies.listener_id
            and doubtful.reported_end_at = copies.reported_end_at
            and doubtful.ms_played = copies.ms_played
            and doubtful.is_to_the_minute = copies.is_to_the_minute
    where
        doubtful.file_sha256 <> copies.file_sha256
        and copies.content_kind = 'music'
        and (doubtful.lost_letters > 0 or doubtful.track_key <> copies.track_key)
        and better_quality < {{ quality_of_names('doubtful') }}
        and (
            (doubtful.original_name = copies.original_name and doubtful.row_number = copies.row_number)
            or (
                copies.lost_letters < doubtful.lost_letters
                and {{ can_have_been('doubtful.track_name', 'copies.track_name') }}
                and {{ can_have_been('doubtful.artist_name', 'copies.artist_name') }}
                and {{ can_have_been('doubtful.spotify_track_uri', 'copies.spotify_track_uri') }}
            )
        )
),

best as (
    select
        row_key,
        arg_min(better_row_key, better_quality) as better_row_key
    from pairs
    group by row_key
),

-- A row that takes another's place can have a better one itself.
chains as (
    select * from best
    union all
    select
        chains.row_key,
        best.better_row_key
    from chains
    inner join best on chains.better_row_key = best.row_key
),

final as (
    select chains.* from chains
    anti join best on chains.better_row_key = best.row_key
)

select * from final
