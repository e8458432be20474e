{% set days %}
    with

    numbered as (
        select artist_key, cast(row_number() over (order by artist_key) as integer) as number from {{ ref('dim_artist') }}
    ),

    weighted as (
        select n.number, i.id, cast(round(1000000 * b.weight) as bigint) as millionths
        from {{ ref('bridge_artist_genres') }} as b
        inner join numbered as n on n.artist_key = b.artist_key
        inner join ids as i on i.genre_key = b.genre_key
    ),

    heard as (
        select d.listener_id, d.date_key as day, n.number, d.plays, d.ms_played as ms
        from {{ ref('fct_artist_days') }} as d
        inner join numbered as n on n.artist_key = d.artist_key
    )

    select h.listener_id, h.day, w.id, sum(h.plays * w.millionths) as plays, sum(h.ms * w.millionths) as ms
    from heard as h
    inner join weighted as w on w.number = h.number
    group by all
{% endset %}
{{
    top(
        'genre_key', days, ref('dim_genre'),
        {'genre': 'n.genre_name', 'genre_family': 'n.genre_family'}, unit=1000000
    )
}}
