{{ config(meta={'grows': ['recording_key', 'recording_name', 'artist_name']}) }}

with

tracks as (
    select * from {{ ref('dim_track') }}
    where recording_key <> 0
),

resolved_tracks as (
    select * from {{ ref('int_tracks__resolved') }}
),

albums as (
    select
        album_key,
        release_date,
        release_date_precision
    from {{ ref('dim_album') }}
),

natural_keys as (
    select distinct
        recording_key,
        recording_hash
    from resolved_tracks
),

-- The track of the earliest album speaks for the recording.
ranked as (
    select
        tracks.*,
        albums.release_date,
        albums.release_date_precision,
        row_number() over (
            partition by tracks.recording_key
            order by
                {{ release_order('albums.release_date', 'albums.release_date_precision') }},
                tracks.is_enriched desc,
                tracks.track_key
        ) as release_rank,
        count(*) over (partition by tracks.recording_key) as track_count,
        min(tracks.isrc) over (partition by tracks.recording_key) as any_isrc,
        max(tracks.duration_ms) over (partition by tracks.recording_key) as longest_ms
    from tracks
    left join albums on tracks.album_key = albums.album_key
),

members as (
    select
        ranked.recording_key,
        natural_keys.recording_hash,
        artist_key,
        album_key as first_album_key,
        any_isrc as isrc,

        track_name as recording_name,
        artist_name,
        album_name as first_album_name,
        recording_grouped_by as grouped_by,
        {{ length_group('coalesce(duration_ms, longest_ms)') }} as length_group,
        is_enriched,

        coalesce(duration_ms, longest_ms) as duration_ms,
        track_count,

        release_date as first_release_date,
        release_date_precision as first_release_precision,
        cast(year(release_date) as integer) as first_release_year,
        cast(year(release_date) // 10 * 10 as integer) as first_release_decade,
        case when release_date is not null then 'spotify album' end as first_release_source
    from ranked
    inner join natural_keys on ranked.recording_key = natural_keys.recording_key
    where release_rank = 1

    union all by name

    select
        0 as recording_key,
        'unknown' as recording_hash,
        0 as artist_key,
        0 as first_album_key,
        'unknown' as recording_name,
        'unknown' as artist_name,
        'unknown' as first_album_name,
        'nothing known' as grouped_by,
        false as is_enriched,
        0 as track_count
),

final as (
    select * from members
)

select * from final
