with

source as (
    select * from {{ source('musicbrainz', 'artist_aliases') }}
),

final as (
    select
        alias_kind,
        alias,
        artist_key as artist_hash,

        nullif(trim(name), '') as artist_name,

        first_seen_at
    from source
)

select * from final
