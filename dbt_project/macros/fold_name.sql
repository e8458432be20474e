{#- Folds a name for comparing: no case, no accents, no punctuation. The same rule as extract_load/core/text.py. -#}
{% macro fold_name(expression) -%}
    coalesce(
        nullif(trim(regexp_replace(lower(strip_accents({{ expression }})), '[^\p{L}\p{N}]+', ' ', 'g')), ''),
        lower(trim({{ expression }}))
    )
{%- endmacro %}
