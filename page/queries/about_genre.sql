-- What is known of one genre.
select
    genre_name as name,
    genre_family
from marts.dim_genre
where genre_key = try_cast($key as bigint)
