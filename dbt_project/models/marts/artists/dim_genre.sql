with

genres as (
    select genre_name from {{ ref('stg_musicbrainz__genres') }}
),

families as (
    select * from {{ ref('genre_families') }}
),

-- An exact entry decides, then the longest rule that the name ends with, then the longest that it holds as words.
matched as (
    select
        genres.genre_name,
        arg_min(
            families.family,
            (
                case
                    when families.match_kind = 'exact' then 1
                    when ends_with(' ' || replace(genres.genre_name, '-', ' '), ' ' || families.pattern) then 2
                    else 3
                end,
                -length(families.pattern),
                families.pattern
            )
        ) as family
    from genres
    inner join families
        on
            (families.match_kind = 'exact' and genres.genre_name = families.pattern)
            or (
                families.match_kind = 'word'
                and contains(' ' || replace(genres.genre_name, '-', ' ') || ' ', ' ' || families.pattern || ' ')
            )
    group by all
),

final as (
    select
        {{ surrogate_hash(["'genre'", 'genres.genre_name']) }} as genre_hash,
        {{ key_of_hash('genre_hash') }} as genre_key,

        genres.genre_name,
        coalesce(matched.family, 'Other') as genre_family
    from genres
    left join matched on genres.genre_name = matched.genre_name

    union all by name

    select
        'unknown' as genre_hash,
        0 as genre_key,
        'unknown' as genre_name,
        'Unknown' as genre_family
)

select * from final
