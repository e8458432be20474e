{% set days %}
    select d.listener_id, d.date_key as day, i.id, d.plays, d.ms_played as ms
    from {{ ref('fct_artist_days') }} as d
    inner join ids as i on i.artist_key = d.artist_key
{% endset %}
{{ top('artist_key', days, ref('dim_artist'), {'artist_name': 'n.artist_name'}) }}
