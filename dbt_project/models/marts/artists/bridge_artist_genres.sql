with

resolved_artists as (
    select * from {{ ref('int_artists__resolved') }}
),

musicbrainz_artists as (
    select * from {{ ref('stg_musicbrainz__artists') }}
),

musicbrainz_genres as (
    select * from {{ ref('stg_musicbrainz__genres') }}
),

artists as (
    select
        artist_key,
        facts_mbid
    from resolved_artists
    union all by name
    select 0 as artist_key
),

tags as (
    select
        musicbrainz_artists.mbid,
        unnest(musicbrainz_artists.tags) as tag
    from musicbrainz_artists
),

-- A genre is a tag whose name is in MusicBrainz's list of genres.
votes as (
    select
        artists.artist_key,
        musicbrainz_genres.genre_name,
        max(tags.tag.count) as vote_count
    from artists
    inner join tags on artists.facts_mbid = tags.mbid
    inner join musicbrainz_genres on lower(trim(tags.tag.name)) = musicbrainz_genres.genre_name
    group by all
),

-- Shares of the running sum, to six digits: what they differ by sums to exactly one.
shared as (
    select
        *,
        cast(row_number() over ranked as integer) as genre_rank,
        round(sum(vote_count) over ranked / sum(vote_count) over (partition by artist_key), 6) as share_so_far
    from votes
    window ranked as (partition by artist_key order by vote_count desc, genre_name)
),

final as (
    select
        artist_key,
        {{ surrogate_key(["'genre'", 'genre_name']) }} as genre_key,

        genre_rank,
        vote_count,
        round(share_so_far - lag(share_so_far, 1, 0) over (partition by artist_key order by genre_rank), 6) as weight
    from shared

    union all by name

    select
        artist_key,
        0 as genre_key,
        1 as genre_rank,
        0 as vote_count,
        1.0 as weight
    from artists
    anti join votes using (artist_key)
)

select * from final
