with

artists as (
    select artist_key, facts_mbid from {{ ref('int_artists__resolved') }}
    union all
    select 'unknown', null
),

tags as (
    select
        mbid,
        unnest(list_transform(tags, lambda t: {'name': lower(trim(t.name)), 'count': t.count})) as tag
    from {{ ref('stg_musicbrainz__artists') }}
),

-- A genre is a tag whose name is in MusicBrainz's list of genres.
votes as (
    select
        a.artist_key,
        g.genre_name,
        max(t.tag.count) as vote_count
    from artists as a
    inner join tags as t on t.mbid = a.facts_mbid
    inner join {{ ref('stg_musicbrainz__genres') }} as g on g.genre_name = t.tag.name
    group by all
),

final as (
    select
        artist_key,
        {{ surrogate_key(["'genre'", 'genre_name']) }} as genre_key,

        cast(row_number() over (partition by artist_key order by vote_count desc, genre_name) as integer) as genre_rank,
        vote_count,
        vote_count / sum(vote_count) over (partition by artist_key) as weight
    from votes

    union all

    select artist_key, 'unknown', 1, 0, 1.0
    from artists
    anti join votes using (artist_key)
)

select * from final
