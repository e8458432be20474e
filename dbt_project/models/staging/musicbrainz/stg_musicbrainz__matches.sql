with

source as (
    select * from {{ source('musicbrainz', 'musicbrainz_matches') }}
),

final as (
    select
        artist_key as artist_hash,
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
