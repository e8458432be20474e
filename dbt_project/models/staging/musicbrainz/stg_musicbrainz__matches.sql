with

source as (
    select * from {{ source('musicbrainz', 'musicbrainz_matches') }}
),

final as (
    select
        artist_key,
        mbid,

        status,
        method,
        score,
        evidence,

        attempts,
        matched_at
    from source
)

select * from final
