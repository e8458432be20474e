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
        on (f.match_kind = 'exact' and f.pattern = g.genre_name)
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
    left join matched as m on m.genre_name = g.genre_name

    union all

    select 'unknown', 'unknown', 'Unknown'
)

select * from final
