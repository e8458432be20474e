{#-
  Building by month: the chain of plays is given the months that are dirty, with a margin, and the facts replace them.
  Everything here is written for one run: the months are decided by int_dirty__months, before any model reads them.
-#}

{#- Whether a model can change what the facts hold; a bucket of listeners takes the catalogue as another build made it. -#}
{% macro leads_to_facts(node) -%}
    {%- if target.name == 'bucket' and 'catalogue' in node.tags -%} {% do return(false) %} {%- endif -%}
    {% do return(node.fqn[1] in ('staging', 'intermediate') or 'by_month' in node.tags) %}
{%- endmacro %}

{% macro is_everything_selected() -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and leads_to_facts(node) -%}
        {%- if node.unique_id not in selected_resources -%} {% do return(false) %} {%- endif -%}
    {%- endfor -%}
    {% do return(true) %}
{%- endmacro %}

{#-
  Whether this run makes the dirty months only. Else it makes everything again: the first run, --full-refresh, a changed
  project, a selection that does not hold all that leads to the facts, unless that is too much for one pass (slices.sql).
-#}
{% macro is_windowed() -%}
    {%- if
        not execute or model.resource_type == 'unit_test' or flags.WHICH not in ('run', 'build')
        or not is_everything_selected()
    -%}
        {% do return(false) %}
    {%- endif -%}
    {%- set dirty = built_table('intermediate', 'int_dirty__months') -%}
    {%- if dirty is none -%} {% do return(false) %} {%- endif -%}
    {% do return(run_query(
        "select not exists (from " ~ dirty ~ " where listener_id = '*') and (" ~ (not flags.FULL_REFRESH)
        ~ " or exists (from " ~ dirty ~ " where listener_id = '+'))"
    ).rows[0][0]) %}
{%- endmacro %}

{#- Whether any month is dirty, in a run that is windowed. -#}
{% macro has_dirty_months() -%}
    {% do return(run_query('select count(*) > 0 from ' ~ built_table('intermediate', 'int_dirty__months')).rows[0][0]) %}
{%- endmacro %}

{#- dbt's own macro, which this replaces: a model by month is made from nothing unless the run goes on from its rows. -#}
{% macro should_full_refresh() -%}
    {%- set asked = config.get('full_refresh') -%}
    {%- if asked is none -%} {%- set asked = flags.FULL_REFRESH -%} {%- endif -%}
    {% do return(asked or ('by_month' in config.get('tags', []) and not goes_on())) %}
{%- endmacro %}

{#- The month that a moment belongs to; rows without a time have one of their own. -#}
{% macro month_of(at) -%} date_trunc('month', coalesce({{ at }}, timestamp '1970-01-01')) {%- endmacro %}

{% macro margin() -%} interval '{{ var("margin_days") }} days' {%- endmacro %}

{#-
  SQL that pairs months of a listener, from the CTEs `restless_edges` and `export_rows`: those that music runs between, and
  that of the end and that of the report of an offline play, which is compared where it is reported.
-#}
{% macro months_that_belong_together() -%}
    select
        listener_id,
        unnest([edge_at, edge_at - interval 1 month]) as month,
        unnest([edge_at - interval 1 month, edge_at]) as other_month
    from restless_edges
    union
    select distinct
        listener_id,
        unnest([{{ month_of('ended_at') }}, {{ month_of('reported_end_at') }}]) as month,
        unnest([{{ month_of('reported_end_at') }}, {{ month_of('ended_at') }}]) as other_month
    from export_rows
    where ended_at <> reported_end_at
{%- endmacro %}

{#-
  Whether a moment or day lies between the first and the last dirty month, or so near to them: DuckDB compares that with
  what it knows of each block of rows, and reads few of them.
-#}
{% macro is_about_dirty_months(at, dirty_months, days=0) -%}
    {{ at }} >= (select min(month) - interval {{ days }} days from {{ dirty_months }})
    and {{ at }} < (select max(month) + interval 1 month + interval {{ days }} days from {{ dirty_months }})
{%- endmacro %}

{#- Whether a moment lies so near to the dirty months that a session of theirs can reach it. -#}
{% macro is_near_dirty_months(at) -%}
    {{ is_about_dirty_months(at, 'dirty_months', 2 * var('margin_days') + 1) if is_windowed() else 'true' }}
{%- endmacro %}

{#- Whether a row of `listener_id` ended in a month of the CTE `dirty_months`. -#}
{% macro is_in_dirty_month(at) -%}
    {%- if is_windowed() -%}
        (
            {{ is_about_dirty_months("coalesce(" ~ at ~ ", timestamp '1970-01-01')", 'dirty_months') }}
            and (listener_id, {{ month_of(at) }}) in (select (listener_id, month) from dirty_months)
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- Whether it ended in a month of the CTE `dirty_months`, or within the margin of one, before or after. -#}
{% macro is_in_window(at) -%}
    {%- if is_windowed() -%}
        (
            {{ is_about_dirty_months("coalesce(" ~ at ~ ", timestamp '1970-01-01')", 'dirty_months', var('margin_days')) }}
            and (
                (listener_id, {{ month_of(at ~ ' - ' ~ margin()) }}) in (select (listener_id, month) from dirty_months)
                or (listener_id, {{ month_of(at ~ ' + ' ~ margin()) }}) in (select (listener_id, month) from dirty_months)
            )
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#-
  Whether a row of an export is reported so that it can have ended near a dirty month, or be reported with a row that did:
  a play ends before it is reported, or as much after it as a clock is wrong. Not so where the time can not be read.
-#}
{% macro is_reported_about_dirty_months() -%}
    {%- if is_windowed() -%}
        {%- set margins = 2 * var('margin_days') + 1 -%}
        reported_end_at >= (select min(month) - interval {{ margins }} days from dirty_months)
        and reported_end_at < (
            select max(month) + interval 1 month + interval {{ margins + var('offline_max_days') }} days
            from dirty_months
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- Whether a row is reported on a day of the CTE `offline_days`. -#}
{% macro is_reported_with_offline_plays() -%}
    (
        reported_end_at >= (select min(reported_day) from offline_days)
        and reported_end_at < (select max(reported_day) + interval 1 day from offline_days)
        and (listener_id, date_trunc('day', reported_end_at)) in (select (listener_id, reported_day) from offline_days)
    )
{%- endmacro %}

{#-
  Whether a row of a model by month is replaced by a windowed run. The model's config `meta` names the columns of a row's
  first and last moment; a row is replaced with any month that it touches.
-#}
{% macro is_of_dirty_months(row, meta) -%}
    {%- set dirty = built_table('intermediate', 'int_dirty__months') -%}
    {%- set from_at, until_at = meta['by_month'] -%}
    coalesce({{ row }}.{{ from_at }}, timestamp '1970-01-01') < (select max(month) + interval 1 month from {{ dirty }})
    and coalesce({{ row }}.{{ until_at }}, timestamp '1970-01-01') >= (select min(month) from {{ dirty }})
    and exists (
        from {{ dirty }} as dirty
        where
            {{ row }}.listener_id = dirty.listener_id
            and {{ month_of(row ~ '.' ~ from_at) }} <= dirty.month
            and {{ month_of(row ~ '.' ~ until_at) }} >= dirty.month
    )
{%- endmacro %}

{#-
  The pre-hook of a model by month. A run that is not windowed makes the table from nothing; until it has finished with all
  the others, the build counts as unfinished.
-#}
{% macro begin_months() -%}
    {%- if execute and not is_incremental() -%}
        {%- do _refuse_part_of_the_chain() -%}
        {%- set project = built_table('built', 'project') -%}
        {{ 'delete from ' ~ project if project is not none }}
    {%- endif -%}
{%- endmacro %}

{#-
  The chain keeps the months that it was last given. A fact that is made from nothing needs all of it: selected as well,
  or whole as it is.
-#}
{% macro _refuse_part_of_the_chain() -%}
    {%- for name, source in [
        ('int_plays__export_rows', 'stg_spotify__streaming_history'),
        ('int_plays__poll_items', 'stg_spotify__recently_played'),
    ] -%}
        {%- set node = 'model.' ~ project_name ~ '.' ~ name -%}
        {%- if model.name in ('fct_plays', 'fct_source_rows', 'int_plays__bounded') and node not in selected_resources -%}
            {%- set counts = run_query(
                'select (select count(*) from ' ~ target.database ~ '.intermediate.' ~ name ~ ') = (select count(*) from '
                ~ target.database ~ '.staging.' ~ source ~ ')'
            ) -%}
            {%- if not counts.rows[0][0] -%}
                {{ exceptions.raise_compiler_error(
                    model.name ~ ' is made from all plays, and the chain of plays holds only those of the months that were'
                    ~ ' built last. Select it with what it is made of: dbt build -s +' ~ model.name
                ) }}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
