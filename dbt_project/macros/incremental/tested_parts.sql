{#-
  Tests of a build look at the rows that it may have changed: of a table by month those of the dirty months, of one that
  follows others its part. That is enough where the test passed on the very tables that this build went on from; else, and
  for `dbt test`, a full refresh, another code, a table that was made whole, all rows are looked at.
-#}

{#- Whether the test that is compiled passed on what its parents were before this run changed a part of them. -#}
{% macro _passed_before() -%}
    {%- if flags.WHICH != 'build' or not goes_on() -%} {% do return(false) %} {%- endif -%}
    {%- set changes = [] -%}
    {%- for key in model.depends_on.nodes if key.startswith('model.') -%}
        {%- set parent = graph.nodes[key] -%}
        {%- if 'by_month' in parent.tags or parent.config.meta.get('part') or parent.config.meta.get('grows') -%}
            {%- do changes.append(parent.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set inputs = what_it_is_made_of(model.raw_code, changes) -%}
    {% do return(inputs.made_of_followed is not none and inputs.made_of_followed == inputs.made_of_before) %}
{%- endmacro %}

{#- Condition on the rows `kept` of a model that this build may have changed; '' where all of them are looked at. -#}
{% macro part_under_test(relation) -%}
    {%- if not execute -%} {% do return('') %} {%- endif -%}
    {%- set node = graph.nodes.get('model.' ~ project_name ~ '.' ~ (relation | string).replace('"', '').split('.')[-1]) -%}
    {%- set part = node.config.meta.get('part', {}) if node else {} -%}
    {#- Rows of files are few; which files it are takes longer than to look at all. -#}
    {%- if not node or not ('by_month' in node.tags or part) or 'files' in part or not _passed_before() -%}
        {% do return('') %}
    {%- endif -%}
    {% do return(
        is_of_dirty_months('kept', node.config.meta) if 'by_month' in node.tags else part_condition(part)
    ) %}
{%- endmacro %}

{#- The rows of a model that are looked at. -#}
{% macro rows_under_test(relation) -%}
    {%- set part = part_under_test(relation) -%}
    {{ '(select * from ' ~ relation ~ ' as kept where ' ~ part ~ ')' if part else relation }}
{%- endmacro %}

{#- dbt's own tests, of the rows that this build may have changed. -#}
{% macro default__test_relationships(model, column_name, to, field) %}
select child.{{ column_name }} as from_field
from {{ rows_under_test(model) }} as child
anti join {{ to }} as parent on child.{{ column_name }} = parent.{{ field }}
where child.{{ column_name }} is not null
{% endmacro %}

{% macro default__test_accepted_values(model, column_name, values, quote=true) %}
select
    {{ column_name }} as value_field,
    count(*) as row_count
from {{ rows_under_test(model) }} as tested
group by all
having value_field not in (
    {%- for value in values %}{{ "'" ~ value ~ "'" if quote else value }}{{ ', ' if not loop.last }}{% endfor -%}
)
{% endmacro %}
