{{ config(materialized='table') }}
{% set days %}
    select
        p.listener_id,
        p.day,
        b.genre_key,
        sum(p.plays * b.weight) as plays,
        sum(p.ms * b.weight) as ms
    from (
        select listener_id, date_key as day, artist_key, count(*) as plays, sum(ms_played) as ms
        from {{ counted_plays() }}
        group by all
    ) as p
    inner join {{ ref('bridge_artist_genres') }} as b on b.artist_key = p.artist_key
    group by all
{% endset %}
{{ top('genre_key', days, ref('dim_genre'), {'genre_name': 'n.genre_name', 'genre_family': 'n.genre_family'}) }}
