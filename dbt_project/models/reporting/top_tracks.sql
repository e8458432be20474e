{{ config(materialized='table') }}
{% set days %}
    select listener_id, date_key as day, recording_key, count(*) as plays, sum(ms_played) as ms
    from {{ counted_plays() }}
    group by all
{% endset %}
{{
    top(
        'recording_key', days, ref('dim_recording'),
        {'track_name': 'n.recording_name', 'artist_name': 'n.artist_name'}
    )
}}
