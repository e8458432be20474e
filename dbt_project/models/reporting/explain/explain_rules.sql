{{ config(materialized='table') }}
{%- set measures = [
    ('all plays', 'true', 'Every play that any source tells of, of any length.'),
    ('any', 'is_play_any', 'Something was heard.'),
    ('spotify30', 'is_play_spotify30', '30 seconds or more, or listed by Spotify without a length.'),
    ('spotify30, exact', 'is_play_spotify30 and not is_assumed', 'Of these, those whose length an export tells.'),
    ('spotify30, assumed', 'is_play_spotify30 and is_assumed', 'Of these, those that only polls tell of.'),
    ('excluded', 'is_play_spotify30 and is_excluded', 'Plays under spotify30 that are left out: by your seeds, as too long, as recorded twice.'),
    (
        'near duplicates', 'is_play_spotify30 and is_near_duplicate',
        'Of these, those that ended seconds after the same play: recorded twice (count_near_duplicates).'
    ),
    ('reports', 'is_counted', 'What the reports count: spotify30 without what is excluded.'),
    (
        'wrapped', "is_play_spotify30 and not coalesce(is_incognito, false) and strftime(date_key, '%m-%d') <= '"
        ~ var('wrapped_until') ~ "'",
        'What Wrapped would count: spotify30 until mid November, no private sessions; excluded ones are counted.',
    ),
    ('lastfm', 'is_play_lastfm', 'What Last.fm would scrobble: half of a track over 30 seconds, or 4 minutes.'),
    ('completed', 'is_play_completed', 'Heard to the end, or 90 % of it.'),
] %}
with

all_plays as (
    select * from {{ ref('fct_plays') }}
),

plays as (
    select
        listener_id,
        cast(year(date_key) as integer) as year,
        {{ counted_under(measures) }}
    from all_plays
    group by all
),

final as (
    {%- for measure, condition, definition in measures %}
    select
        listener_id,
        year,
        {{ loop.index }} as position,
        '{{ measure }}' as rule,
        cast(plays_{{ loop.index }} as integer) as plays,
        {{ minutes('ms_' ~ loop.index) }} as minutes,
        '{{ definition }}' as definition
    from plays
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from final
order by year desc, position
