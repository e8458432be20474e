{#- One uri for one context: a playlist has had several forms (`spotify:user:x:playlist:1`, `spotify:playlist_v2:1`). -#}
{% macro canonical_context_uri(uri) -%}
    regexp_replace(nullif(trim({{ uri }}), ''), '^spotify:(?:user:[^:]*:)?playlist(?:_v[0-9]+)?:', 'spotify:playlist:')
{%- endmacro %}

{#- One word for one kind of context: `playlist_v2` is a playlist; where the type is missing, the uri says it. -#}
{% macro canonical_context_type(context_type, uri) -%}
    case
        when starts_with({{ canonical_context_uri(uri) }}, 'spotify:playlist:') then 'playlist'
        else coalesce(
            nullif(regexp_replace(lower(trim({{ context_type }})), '_v[0-9]+$', ''), ''), {{ uri_kind(uri) }}
        )
    end
{%- endmacro %}
