{#- Returns the md5, 32 hex digits, of a list of expressions; null is a value of its own. -#}
{% macro surrogate_hash(expressions) -%}
    md5(concat_ws('|', {% for expression in expressions -%}
        coalesce(cast({{ expression }} as varchar), '_null_'){{ ', ' if not loop.last }}
    {%- endfor %}))
{%- endmacro %}

{#- Returns the key for a list of expressions: the number of its md5. -#}
{% macro surrogate_key(expressions) -%}
    {{ key_of_hash(surrogate_hash(expressions)) }}
{%- endmacro %}
