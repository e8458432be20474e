with

source as (
    select * from {{ source('musicbrainz', 'musicbrainz_genres') }}
),

final as (
    select
        lower(trim(genre)) as genre_name,

        max(fetched_at) as fetched_at
    from source
    group by all
)

select * from final
