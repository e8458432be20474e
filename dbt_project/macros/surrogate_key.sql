{#- Returns a key of 32 hex digits for a list of expressions; null is a value of its own. -#}
{% macro surrogate_key(expressions) -%}
    md5(concat_ws('|', {% for expression in expressions -%}
        coalesce(cast({{ expression }} as varchar), '_null_'){{ ', ' if not loop.last }}
    {%- endfor %}))
{%- endmacro %}
