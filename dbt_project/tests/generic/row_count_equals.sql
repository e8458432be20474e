{#- The model has as many rows as another relation, optionally of the rows that `condition` keeps there. -#}
{% test row_count_equals(model, other, condition='true') %}
select
    (select count(*) from {{ model }}) as rows_here,
    (select count(*) from {{ other }} where {{ condition }}) as rows_there
where rows_here <> rows_there
{% endtest %}
