{#-
  The rows of a CTE that holds a seed of wishes, each with its `listener_id`: '*' means every listener, as an empty one does,
  and a file of an earlier version that has no such column.
-#}
{% macro wishes_of(cte) -%}
    select * replace (coalesce(nullif(trim(listener_id), ''), '*') as listener_id)
    from (
        select cast(null as varchar) as listener_id
        where false
        union all by name
        from {{ cte }}
    ) as wishes
{%- endmacro %}
