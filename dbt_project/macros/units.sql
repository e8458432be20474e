{#- Minutes of a sum of microseconds, as a decimal to a thousandth: sums of them are exact. -#}
{% macro exact_minutes(us) -%}
    cast(({{ us }}) / 60000000.0 as decimal(18, 3))
{%- endmacro %}

{#- Minutes of a sum of milliseconds, as a decimal to a tenth. -#}
{% macro minutes(ms) -%}
    cast(({{ ms }}) / 60000.0 as decimal(18, 1))
{%- endmacro %}
