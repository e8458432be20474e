{#- The five names with most plays of each year, of a CTE by year and key, and the CTE that has the names. -#}
{% macro top_five(heard, names, key, name, condition='true') -%}
    select
        {{ heard }}.listener_id,
        {{ heard }}.period_start,
        list({{ name }} order by {{ heard }}.plays desc, {{ heard }}.ms desc, {{ heard }}.{{ key }})[:5] as names
    from {{ heard }}
    inner join {{ names }} on {{ heard }}.{{ key }} = {{ names }}.{{ key }}
    where {{ condition }}
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
