{#-
  What was heard in the range that is asked for, by one key of the day facts: listener_id, the key, plays, ms. The
  whole time is read from the totals. Needs the import CTEs `listening_totals` and `listening_days`.
-#}
{% macro heard_in_range(key) -%}
    select
        listener_id,
        {{ key }},
        cast(sum(plays) as bigint) as plays,
        cast(sum(ms) as bigint) as ms
    from (
        select
            listener_id,
            {{ key }},
            {{ plays_by_rule() }} as plays,
            {{ ms_by_rule() }} as ms
        from listening_totals
        where {{ is_all_time() }} and {{ is_asked_listener() }}
        union all
        select
            listener_id,
            {{ key }},
            {{ plays_by_rule() }} as plays,
            {{ ms_by_rule() }} as ms
        from listening_days
        where not {{ is_all_time() }} and {{ is_asked_day('date_key') }} and {{ is_asked_listener() }}
    ) as asked
    group by all
    having sum(plays) > 0
{%- endmacro %}

{#-
  How much of the range that is asked for is covered, and its first and last day of which anything is known. Needs the
  import CTE `coverage` over fct_listening_coverage.
-#}
{% macro coverage_in_range() -%}
    select
        listener_id,
        min(date_key) as first_day,
        max(date_key) as last_day,
        {{ percent('sum(covered_minutes)', 'sum(known_minutes)') }} as coverage_pct,
        bool_or(has_holes) as has_holes
    from coverage
    where {{ is_asked_day('date_key') }} and {{ is_asked_listener() }}
    group by listener_id
{%- endmacro %}

{#- The order of a ranking by the parameter measure; ties go to the other measure, then to the key. -#}
{% macro ranking_order(key) -%}
    if({{ is_by_minutes() }}, ms, plays) desc, if({{ is_by_minutes() }}, plays, ms) desc, {{ key }}
{%- endmacro %}

{#-
  The names of what the parameter kind asks for: number, title, artist_name, is_unknown. Needs the import CTEs `artists`,
  `recordings` and `albums`.
-#}
{% macro names_of_kind() -%}
    select
        artist_key as number,
        artist_name as title,
        artist_name,
        is_special_purpose as is_unknown
    from artists
    where
        case coalesce({{ parameter('kind') }}, 'artist')
            when 'artist' then true
            when 'track' then false
            when 'album' then false
            else error('kind is artist, track or album')
        end
    union all
    select
        recording_key as number,
        recording_name as title,
        artist_name,
        recording_key = 0 as is_unknown
    from recordings
    where {{ parameter('kind') }} = 'track'
    union all
    select
        album_key as number,
        album_name as title,
        artist_name,
        album_key = 0 as is_unknown
    from albums
    where {{ parameter('kind') }} = 'album'
{%- endmacro %}

{#-
  The CTEs heard, found and found_tracks of each period of a type: plays and ms, artists and recordings that were first
  heard in it. Needs the import CTEs `listening_days`, `listening_totals`, `artist_days` and `artists`.
-#}
{% macro listening_by(period_type) -%}
heard as (
    select
        listener_id,
        {{ period_start(period_type, 'date_key') }} as period_start,
        cast(sum(plays) as bigint) as plays,
        cast(sum(ms_played) as bigint) as ms
    from listening_days
    group by all
),

found as (
    select
        artist_days.listener_id,
        {{ period_start(period_type, 'artist_days.date_key') }} as period_start,
        count(*) as new_artists
    from artist_days
    inner join artists on artist_days.artist_key = artists.artist_key
    where artist_days.day_number = 1 and not artists.is_special_purpose
    group by all
),

first_days as (
    select
        listener_id,
        min(first_date_key) as date_key
    from listening_totals
    where first_date_key is not null
    group by listener_id, recording_key
),

found_tracks as (
    select
        listener_id,
        {{ period_start(period_type, 'date_key') }} as period_start,
        count(*) as new_tracks
    from first_days
    group by all
)
{%- endmacro %}
