{#-
  The columns together name one row: none of them is null, and no two rows are alike in them. Of the rows that a build may
  have changed none is like any other row.
-#}
{% test primary_key(model, columns) %}
{%- set part = part_under_test(model) %}
{%- set names = columns | join(', ') %}
{%- set has_null = columns | join(' is null or ') ~ ' is null' %}
select
    {{ names }},
    count(*) as row_count
{%- if part %}
from (
    select {{ names }} from {{ model }}
    where ({{ names }}) in (select ({{ names }}) from {{ model }} as kept where {{ part }})
    union all
    select {{ names }} from {{ model }} as kept
    where ({{ part }}) and ({{ has_null }})
)
{%- else %}
from {{ model }}
{%- endif %}
group by all
having count(*) > 1 or {{ has_null }}
{% endtest %}
