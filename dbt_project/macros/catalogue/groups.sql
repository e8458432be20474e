{#- Spotify's popularity (0 to 100, for most apps no longer sent) in four groups; null stays null. -#}
{% macro popularity_group(popularity) -%}
    case
        when {{ popularity }} is null then null
        when {{ popularity }} >= 75 then 'mainstream'
        when {{ popularity }} >= 50 then 'popular'
        when {{ popularity }} >= 25 then 'known'
        else 'underground'
    end
{%- endmacro %}

{#- The length of a track in four groups; null stays null. -#}
{% macro length_group(duration_ms) -%}
    case
        when {{ duration_ms }} is null then null
        when {{ duration_ms }} < 120000 then 'under 2 minutes'
        when {{ duration_ms }} < 240000 then '2 to 4 minutes'
        when {{ duration_ms }} < 360000 then '4 to 6 minutes'
        else 'over 6 minutes'
    end
{%- endmacro %}
