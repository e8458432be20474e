{#-
  Whether a play counts under a rule; never null.
    any        something was heard
    spotify30  30 seconds or more; a row that only polls know (is_assumed) passes, since Spotify lists no shorter ones
    lastfm     a track over 30 seconds of which half, or 4 minutes, were heard; a finished one of unknown length passes
    completed  the player says that the track ended, or 90 % of it were heard
-#}
{% macro is_play(rule, ms_played, duration_ms, reason_end, is_assumed) -%}
    {%- if rule == 'any' -%}
        ({{ ms_played }} > 0 or {{ is_assumed }})
    {%- elif rule == 'spotify30' -%}
        ({{ ms_played }} >= 30000 or {{ is_assumed }})
    {%- elif rule == 'lastfm' -%}
        case
            when {{ ms_played }} >= 240000 then true
            when {{ duration_ms }} is not null
                then {{ duration_ms }} > 30000 and {{ ms_played }} >= 0.5 * {{ duration_ms }}
            else coalesce({{ reason_end }} = 'trackdone', false) and {{ ms_played }} > 30000
        end
    {%- elif rule == 'completed' -%}
        (coalesce({{ reason_end }} = 'trackdone', false) or coalesce({{ ms_played }} >= 0.9 * {{ duration_ms }}, false))
    {%- else -%}
        {{ exceptions.raise_compiler_error('no such play rule: ' ~ rule) }}
    {%- endif -%}
{%- endmacro %}

{#-
  Whether a play was skipped: under 30 seconds, or left by hand before its half; never one that ended by itself. Null
  where that can't be known.
-#}
{% macro is_skip(ms_played, duration_ms, reason_end, is_assumed) -%}
    case
        when {{ is_assumed }} then null
        when {{ reason_end }} = 'trackdone' then false
        when {{ ms_played }} < 30000 then true
        when {{ reason_end }} in ('fwdbtn', 'clickrow', 'backbtn') then {{ ms_played }} < 0.5 * {{ duration_ms }}
        when {{ reason_end }} is not null then false
    end
{%- endmacro %}

{#- Whether a play is longer than one can be: a day, or an hour and many times its track. Never null. -#}
{% macro is_overlong(ms_played, duration_ms) -%}
    (
        {{ ms_played }} > {{ var('overlong_hours') }} * 3600000
        or coalesce(
            {{ ms_played }} > 3600000 and {{ ms_played }} > {{ var('overlong_times_track') }} * {{ duration_ms }}, false
        )
    )
{%- endmacro %}

{#- Plays and milliseconds under each of a list of (name, condition, definition), in columns plays_1, ms_1, ...; overlong plays have no minutes. -#}
{% macro counted_under(measures) -%}
    {%- for measure, condition, definition in measures -%}
        count(*) filter (where {{ condition }}) as plays_{{ loop.index }},
        coalesce(
            sum(ms_played) filter (where {{ condition }}{{ ' and not is_overlong' if not var('count_overlong_plays') }}), 0
        ) as ms_{{ loop.index }}{{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}
