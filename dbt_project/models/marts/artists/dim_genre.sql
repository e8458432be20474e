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
        g.genre_name,
        arg_min(
            f.family,
            (
                case
                    when f.match_kind = 'exact' then 1
                    when ends_with(' ' || replace(g.genre_name, '-', ' '), ' ' || f.pattern) then 2
                    else 3
                end,
                -length(f.pattern),
                f.pattern
            )
        ) as family
    from genres as g
    inner join families as f
        on
            (f.match_kind = 'exact' and g.genre_name = f.pattern)
            or (
                f.match_kind = 'word'
                and contains(' ' || replace(g.genre_name, '-', ' ') || ' ', ' ' || f.pattern || ' ')
            )
    group by all
),

final as (
    select
        {{ surrogate_key(["'genre'", 'g.genre_name']) }} as genre_key,

        g.genre_name,
        coalesce(m.family, 'Other') as genre_family
    from genres as g
    left join matched as m on g.genre_name = m.genre_name

    union all by name

    select
        'unknown' as genre_key,
        'unknown' as genre_name,
        'Unknown' as genre_family
)

select * from final
