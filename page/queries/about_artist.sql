-- What is known of one artist.
select
    artists.artist_name as name,
    artists.artist_key,
    artists.artist_name,
    artists.artist_type,
    artists.country_name,
    artists.origin_area_name,
    artists.spotify_artist_id as spotify_id,
    artists.mbid,
    (
        select list(struct_pack(key := genres.genre_key, name := dim_genre.genre_name) order by genres.genre_rank)
        from marts.bridge_artist_genres as genres
        inner join marts.dim_genre as dim_genre on genres.genre_key = dim_genre.genre_key
        where genres.artist_key = artists.artist_key and genres.genre_key <> 0
    ) as genres
from marts.dim_artist as artists
where artists.artist_key = try_cast($key as bigint)
