-- Dimensions over which the plays do not add up to all plays.
{%- set dimensions = {
    'dim_track': 'track_key', 'dim_recording': 'recording_key', 'dim_album': 'album_key', 'dim_artist': 'artist_key',
    'dim_context': 'context_key', 'dim_date': 'date_key', 'dim_time': 'time_key',
} %}
{%- set plays = rows_under_test(ref('fct_plays')) %}
with

plays_by_dimension as (
    {%- for dimension, key in dimensions.items() %}
    select
        '{{ dimension }}' as dimension,
        count(*) as plays
    from {{ plays }} as plays
    inner join {{ ref(dimension) }} using ({{ key }})
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    dimension,
    plays,
    (select count(*) from {{ plays }} as plays) as all_plays
from plays_by_dimension
where plays <> all_plays
