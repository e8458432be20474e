{#-
  What the facts of plays hold, and whether a build may go on from it. Schema `built` says it: the files, pointers and
  spans that the last finished build was made of, and the fingerprint of the project that made it. The tables are written
  at the end of a run (mark_as_built), in one transaction with the end of the list of dirty months, and by nothing else.
-#}

{#- The names of the models that are replaced by month. -#}
{% macro models_by_month() -%}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and 'by_month' in node.tags -%}
        {%- do names.append(node.name) -%}
    {%- endfor -%}
    {% do return(names) %}
{%- endmacro %}

{#-
  A table of the target by its plain name, or none. The facts of the last build can not be read by ref: they are made of
  the months that depend on them.
-#}
{% macro built_table(schema, name) -%}
    {%- set found = adapter.get_relation(database=target.database, schema=schema, identifier=name) -%}
    {% do return(found if found is not none and found.type == 'table' else none) %}
{%- endmacro %}

{#- The fingerprint of this run: of the project's files and versions (plugins/project_fingerprint.py) and of its vars. -#}
{% macro project_fingerprint() -%}
    md5(concat_ws('|', getvariable('project_fingerprint'), '{{ tojson(invocation_args_dict.get('vars', {}), sort_keys=true) | replace("'", "''") }}'))
{%- endmacro %}

{#- Why a build can not go on from what the last one left; '' when it can. -#}
{% macro reason_to_start_over() -%}
    {%- if not execute or model.resource_type == 'unit_test' -%} {% do return('') %} {%- endif -%}
    {%- if flags.FULL_REFRESH -%} {% do return('--full-refresh') %} {%- endif -%}
    {#- Such plays reach further than the margin. -#}
    {%- if var('count_overlong_plays') or var('overlong_hours') > 24 -%}
        {% do return('plays of more than a day count') %}
    {%- endif -%}
    {%- set project = built_table('built', 'project') -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and 'by_month' in node.tags -%}
        {%- if project is none or built_table(node.schema, node.name) is none -%}
            {% do return('no finished build') %}
        {%- endif -%}
    {%- endfor -%}
    {%- set known = run_query('select fingerprint = ' ~ project_fingerprint() ~ ' from ' ~ project) -%}
    {%- if known.rows | length == 0 -%} {% do return('no finished build') %} {%- endif -%}
    {% do return('' if known.rows[0][0] else 'the project has changed') %}
{%- endmacro %}

{#-
  What the last finished build was made of, beside the CTE (files, pointers, spans) of what this one is made of: that CTE
  itself while nothing is known of a last build, so that nothing differs.
-#}
{% macro built_files() -%} {{ _built('files') }} {%- endmacro %}

{% macro built_pointers() -%} {{ _built('pointers') }} {%- endmacro %}

{% macro built_spans() -%} {{ _built('spans') }} {%- endmacro %}

{% macro _built(name) -%} {{ name if not execute or reason_to_start_over() else built_table('built', name) }} {%- endmacro %}

{#- The facts as the last build left them, finished or not. -#}
{% macro built_plays() -%}
    {{ _facts('fct_plays', ['listener_id', 'play_key', 'track_key', 'ended_at']) }}
{%- endmacro %}

{% macro built_source_rows() -%}
    {{ _facts('fct_source_rows', ['listener_id', 'source_file', 'reported_end_at', 'ended_at']) }}
{%- endmacro %}

{% macro _facts(name, columns) -%}
    {%- set found = built_table('marts', name) if execute and not reason_to_start_over() else none -%}
    {%- if found is none -%}
        (select {% for column in columns -%}
            cast(null as {{ 'timestamp' if column.endswith('_at') else 'bigint' if column.endswith('_key') else 'varchar' }}) as {{ column }}{{ ', ' if not loop.last }}
        {%- endfor %} where false)
    {%- else -%}
        {{ found }}
    {%- endif -%}
{%- endmacro %}

{#-
  At the end of a run in which everything that leads to the facts was built without an error: the facts hold what this run
  was made of, and no month is dirty any more. A run that was killed or failed, or had only a selection, does not come here.
-#}
{% macro mark_as_built(results) -%}
    {%- if execute and flags.WHICH in ('run', 'build') and is_everything_selected() -%}
        {%- set failed, done = [], [] -%}
        {%- for result in results if result.node.resource_type == 'model' and leads_to_facts(result.node) -%}
            {%- do (done if result.status == 'success' else failed).append(result.node.name) -%}
        {%- endfor -%}
        {%- set missing = models_by_month() | reject('in', done) | list -%}
        {%- if done and not failed and not missing and models_by_month() %}
            begin;
            create schema if not exists {{ target.database }}.built;
            {%- for name in ('files', 'pointers', 'spans') %}
            create or replace table {{ target.database }}.built.{{ name }} as
            from {{ target.database }}.intermediate.int_built__{{ name }};
            {%- endfor %}
            create table if not exists {{ target.database }}.built.months (
                listener_id varchar, month timestamp, reason varchar
            );
            delete from {{ target.database }}.built.months
            where not exists (from {{ target.database }}.built.continued where run = '{{ invocation_id }}');
            insert into {{ target.database }}.built.months
            select
                if(listener_id = '+', '*', listener_id) as listener_id,
                month,
                reason
            from {{ target.database }}.intermediate.int_dirty__months;
            delete from {{ target.database }}.intermediate.int_dirty__months;
            create or replace table {{ target.database }}.built.project as
            select {{ project_fingerprint() }} as fingerprint, timezone('UTC', now()) as built_at;
            commit;
        {%- endif -%}
        {%- if months_wait() -%}
            {%- do log('The plays of other months wait, and what is made of the facts with them: run dbt build again.', info=true) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
