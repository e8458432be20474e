{{ config(materialized='table') }}
{% set days %}
    select listener_id, date_key as day, album_key, count(*) as plays, sum(ms_played) as ms
    from {{ counted_plays() }}
    group by all
{% endset %}
{{ top('album_key', days, ref('dim_album'), {'album_name': 'n.album_name', 'artist_name': 'n.artist_name'}) }}
