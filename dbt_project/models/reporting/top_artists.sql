{{ config(materialized='table') }}
{% set days %}
    select listener_id, date_key as day, artist_key, count(*) as plays, sum(ms_played) as ms
    from {{ counted_plays() }}
    group by all
{% endset %}
{{ top('artist_key', days, ref('dim_artist'), {'artist_name': 'n.artist_name'}) }}
