{#- Returns the id of a Spotify uri of the kind ('track', 'artist', ...), null for any other uri. -#}
{% macro id_of_uri(uri, kind) -%}
    case
        when starts_with({{ uri }}, 'spotify:{{ kind }}:')
            then nullif(substr({{ uri }}, {{ ('spotify:' ~ kind ~ ':') | length + 1 }}), '')
    end
{%- endmacro %}
