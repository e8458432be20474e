{#-
  Slices: a build of more rows of plays than fit takes some months of them and leaves the others waiting, in `built.later`.

  Such a build makes what leads to the facts, and the facts of its months; what is made of the facts is left alone, tests
  of them too, and says LATER. Whoever started it builds again until nothing waits (prefect/orchestrate/dbt_build). When
  everything is made from nothing, a row '+' in the list of dirty months says so in the first slice, in place of '*'.
  Months that belong together are built together, so the rows are those of one pass.
-#}

{#- Rows of exports and polls in a slice. A build of up to twice as many is one pass. -#}
{% macro slice_rows() -%} {% do return(env_var('MUSIC_TRACKER_SLICE_ROWS', '1250000') | int) %} {%- endmacro %}

{#- The place of the months that wait. -#}
{% macro later_months() -%} {{ target.database }}.built.later {%- endmacro %}

{#- The post-hook of the list of dirty months, in one transaction with it: keeps one slice of it. -#}
{% macro put_off_months(exports, polls, edges) -%}
    {%- if execute and flags.WHICH in ('run', 'build') and is_everything_selected() -%}
        {%- set is_continued = months_wait() -%}
        {%- if is_continued -%}
            {%- do run_query(
                'insert into ' ~ this ~ ' (listener_id, month, reason) select listener_id, month, reason from ' ~ later_months()
                ~ ' where (listener_id, month) not in (select (listener_id, month) from ' ~ this ~ '); delete from ' ~ later_months()
            ) -%}
        {%- endif -%}
        {%- do run_query(
            'delete from ' ~ target.database ~ '.built.continued; insert into ' ~ target.database
            ~ ".built.continued select '" ~ invocation_id ~ "' where " ~ is_continued
        ) -%}
        {%- set sizes = run_query(
            'select (select count(*) from ' ~ exports ~ ') + (select count(*) from ' ~ polls ~ ') > ' ~ 2 * slice_rows()
            ~ ' and exists (from ' ~ this ~ ')'
        ) -%}
        {%- if sizes.rows[0][0] -%} {{ _cut_slice(exports, polls, edges) }} {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- SQL that moves all but the first months of the list to `built.later`, when it has more rows than a slice. -#}
{% macro _cut_slice(exports, polls, edges) -%}
    {%- do run_query(
        'create or replace temp table rows_of_months as select listener_id, month, count(*) as row_count from ('
        ~ 'select listener_id, ' ~ month_of('ended_at') ~ ' as month from ' ~ exports
        ~ ' union all select listener_id, ' ~ month_of('played_at') ~ ' from ' ~ polls ~ ') as played group by all'
    ) -%}
    {%- set is_too_large = run_query(
        "select sum(row_count) > " ~ 2 * slice_rows() ~ " from rows_of_months where exists (from " ~ this
        ~ " where listener_id = '*') or (listener_id, month) in (select (listener_id, month) from " ~ this ~ ")"
    ).rows[0][0] -%}
    {%- if is_too_large %}
    insert into {{ this }} (listener_id, month, reason)
    select
        rows_of_months.listener_id,
        rows_of_months.month,
        everything.reason
    from rows_of_months, (from {{ this }} where listener_id = '*') as everything
    where (rows_of_months.listener_id, rows_of_months.month) not in (select (listener_id, month) from {{ this }});
    insert into {{ this }} (listener_id, month, reason)
    select
        '+' as listener_id,
        min(months.month) as month,
        any_value(everything.reason) as reason
    from {{ this }} as months, (from {{ this }} where listener_id = '*') as everything
    where months.listener_id not in ('*', '+')
    having count(*) > 0 and not exists (from {{ this }} where listener_id = '+');
    delete from {{ this }} where listener_id = '*';
    insert into {{ later_months() }}
    with recursive

    export_rows as (
        select * from {{ exports }}
    ),

    restless_edges as (
        select * from {{ edges }}
    ),

    listed as (
        select * from {{ this }} where listener_id <> '+'
    ),

    neighbours as (
        {{ months_that_belong_together() }}
    ),

    sized as (
        select
            listed.listener_id,
            listed.month,
            coalesce(rows_of_months.row_count, 0) as row_count,
            sum(row_count) over (order by listed.listener_id, listed.month) as rows_until
        from listed
        left join rows_of_months
            on listed.listener_id = rows_of_months.listener_id and listed.month = rows_of_months.month
    ),

    slice as (
        select
            listener_id,
            month
        from sized
        where rows_until <= {{ slice_rows() }} or rows_until = row_count
        union
        select
            slice.listener_id,
            neighbours.other_month as month
        from slice
        inner join neighbours on slice.listener_id = neighbours.listener_id and slice.month = neighbours.month
    )

    select
        listener_id,
        month,
        reason
    from listed
    where (listener_id, month) not in (select (listener_id, month) from slice);
    delete from {{ this }} where (listener_id, month) in (select (listener_id, month) from {{ later_months() }})
    {%- endif -%}
{%- endmacro %}

{#- Whether months wait for another build. -#}
{% macro months_wait() -%}
    {% do return(run_query('select count(*) > 0 from ' ~ later_months()).rows[0][0]) %}
{%- endmacro %}

{#- Whether the facts go on from the rows that they have. -#}
{% macro goes_on() -%}
    {%- if not is_windowed() -%} {% do return(false) %} {%- endif -%}
    {% do return(run_query(
        "select not exists (from " ~ built_table('intermediate', 'int_dirty__months') ~ " where listener_id = '+')"
    ).rows[0][0]) %}
{%- endmacro %}

{#- Whether the current model or test is made of facts that lack months, and so is left alone. -#}
{% macro waits_for_months(inputs) -%}
    {%- if
        not inputs.months_wait or not execute or flags.WHICH not in ('run', 'build') or not is_everything_selected()
        or model.resource_type == 'model' and leads_to_facts(model)
    -%}
        {% do return(false) %}
    {%- endif -%}
    {% do return(_is_made_of_facts(model.depends_on.nodes)) %}
{%- endmacro %}

{% macro _is_made_of_facts(parents) -%}
    {%- set seen = parents | list -%}
    {%- for parent in seen if parent.startswith('model.') -%}
        {%- if 'by_month' in graph.nodes[parent].tags -%} {% do return(true) %} {%- endif -%}
        {%- for node in graph.nodes[parent].depends_on.nodes if node not in seen -%} {%- do seen.append(node) -%} {%- endfor -%}
    {%- endfor -%}
    {% do return(false) %}
{%- endmacro %}

{#- The result of a model or test that waits: its relation, if any, is as the last whole build left it. -#}
{% macro leave_for_later() -%}
    {%- call noop_statement('main', 'LATER', 'LATER', 0) -%}{%- endcall -%}
{%- endmacro %}
