{{ config(meta={'grows': ['track_key']}) }}

with

tracks as (
    select * from {{ ref('int_tracks__resolved') }}
),

final as (
    select
        track_key,
        track_hash,
        recording_key,
        album_key,
        artist_key,
        spotify_track_id,
        isrc,

        coalesce(track_name, 'unknown') as track_name,
        coalesce(artist_name, 'unknown') as artist_name,
        coalesce(album_name, 'unknown') as album_name,
        disc_number,
        track_number,
        is_explicit,
        {{ length_group('duration_ms') }} as length_group,
        {{ popularity_group('popularity') }} as popularity_group,
        recording_grouped_by,
        coalesce(catalogue_status, 'pending') as catalogue_status,
        is_enriched,

        duration_ms,
        popularity,

        first_seen_at
    from tracks
    where track_key <> 0

    union all by name

    select
        0 as track_key,
        'unknown' as track_hash,
        0 as recording_key,
        0 as album_key,
        0 as artist_key,
        'unknown' as track_name,
        'unknown' as artist_name,
        'unknown' as album_name,
        'nothing known' as recording_grouped_by,
        'pending' as catalogue_status,
        false as is_enriched
)

select * from final
