{#-
  The five names at the top of each year, of an import CTE over a report made by `rank_in_periods`. Where `key` is
  given, the unknown member is left out.
-#}
{% macro top_five(report, name, key=none) -%}
    select
        listener_id,
        period_start,
        list({{ name }} order by rank)[:5] as names
    from {{ report }}
    where period_type = 'year' {%- if key %} and {{ key }} <> 'unknown' {%- endif %}
    group by all
{%- endmacro %}

{#- The best row of each year of an import CTE over a report with a date column: `name` and `measure` of the row. -#}
{% macro best_of_year(report, day, name, measure, tie) -%}
    select
        listener_id,
        cast(date_trunc('year', {{ day }}) as date) as period_start,
        arg_max({{ name }}, ({{ measure }}, {{ tie }})) as name,
        max({{ measure }}) as measure
    from {{ report }}
    group by all
{%- endmacro %}
