{#-
  dbt's materializations, for DuckDB and this project: what would come out as it is is left alone (relation_versions.sql),
  and a table or view is replaced in one transaction, in place, without a second one that is renamed.
-#}

{% macro _leave_as_it_is() -%}
    {%- call noop_statement('main', 'UNCHANGED', 'UNCHANGED', 0) -%}{%- endcall -%}
{%- endmacro %}

{#- Comments of the relation and of its columns, as persist_docs would write them one by one. -#}
{% macro _comments(relation) -%}
    {%- if config.persist_relation_docs() and model.description %}
    {{ alter_relation_comment(relation, model.description) }}
    {%- endif -%}
    {%- if config.persist_column_docs() -%}
    {%- for name, column in model.columns.items() %}
    comment on column {{ relation }}.{{ adapter.quote(name) }} is {{ duckdb_escape_comment(column.description) }};
    {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set relation = this.incorporate(type='table') -%}
    {%- set inputs = what_it_is_made_of(model.raw_code if _meta('follows') else compiled_code) -%}
    {#- The models of dirty months compare with the last build, of which dbt knows nothing. -#}
    {%- if waits_for_months(inputs) -%}
        {%- do leave_for_later() -%}
        {{ return({'relations': []}) }}
    {%- elif stays_as_it_is(existing, 'table', inputs) and not model.name.startswith('int_dirty__') -%}
        {%- do _leave_as_it_is() -%}
    {%- elif _meta('part') and is_followed() -%}
        {%- call statement('main') %}
            {{ replace_part(relation, compiled_code, inputs) }}
        {%- endcall -%}
        {%- do adapter.commit() -%}
    {%- elif existing is not none and existing.type == 'table' and is_worth_comparing(inputs) -%}
        {%- call statement('main') %}
            {{ replace_differences(relation, compiled_code, inputs) }}
        {%- endcall -%}
        {%- do adapter.commit() -%}
    {%- else -%}
        {%- if existing is not none and existing.type != 'table' -%} {%- do adapter.drop_relation(existing) -%} {%- endif -%}
        {{ run_hooks(pre_hooks) }}
        {%- set is_compared = existing is not none and inputs.version and (_meta('changed_by_day') or _meta('grows')) %}
        {%- call statement('main') %}
            {%- if is_compared %}
            create or replace temp table rows_before as from {{ relation }};
            {%- endif %}
            drop table if exists {{ relation }};
            {{ create_table_as(False, relation, compiled_code) }}
        {%- endcall -%}
        {%- do run_query(
            _comments(relation) ~ note_version(
                inputs.made_of, version_of_rows(relation, inputs),
                version_before(relation, inputs) if is_compared or is_followed() else none
            ) ~ (';' ~ note_changed_days(relation) if is_compared and _meta('changed_by_day') else '')
        ) -%}
        {{ run_hooks(post_hooks) }}
        {%- do adapter.commit() -%}
    {%- endif -%}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{#- A view stays while its code does; its version moves with those of what it reads. -#}
{% materialization view, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set relation = this.incorporate(type='view') -%}
    {%- set inputs = what_it_is_made_of(compiled_code) -%}
    {%- set version = "'" ~ inputs.made_of ~ "'" if inputs.made_of else "cast(uuid() as varchar)" -%}
    {%- if waits_for_months(inputs) -%}
        {%- do leave_for_later() -%}
        {{ return({'relations': []}) }}
    {%- elif existing is not none and existing.type == 'view' and inputs.code == inputs.made_of_before and not flags.FULL_REFRESH -%}
        {%- do _leave_as_it_is() -%}
        {%- if inputs.version != inputs.made_of -%}
            {%- do run_query('begin;' ~ note_version(inputs.code, version) ~ '; commit') -%}
        {%- endif -%}
    {%- else -%}
        {%- if existing is not none and existing.type != 'view' -%} {%- do adapter.drop_relation(existing) -%} {%- endif -%}
        {{ run_hooks(pre_hooks) }}
        {%- call statement('main') %}
            drop view if exists {{ relation }};
            {{ get_create_view_as_sql(relation, compiled_code) }}
        {%- endcall -%}
        {%- do run_query(_comments(relation) ~ note_version(inputs.code, version)) -%}
        {{ run_hooks(post_hooks) }}
        {%- do adapter.commit() -%}
    {%- endif -%}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{#-
  What is by month stays while no month is dirty, the parsed base while its source is as it was. The list of dirty months
  is asked for anew by every build.
-#}
{% materialization incremental, adapter='duckdb', supported_languages=['sql'] %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set relation = this.incorporate(type='table') -%}
    {#- Its compiled code is another when it goes on from rows that are there. -#}
    {%- set inputs = what_it_is_made_of(model.raw_code) -%}
    {%- set is_by_month = 'by_month' in config.get('tags', []) -%}
    {%- set is_list = model.name == 'int_dirty__months' -%}
    {%- if is_by_month and inputs.version and existing is not none and is_windowed() and not has_dirty_months() -%}
        {%- do _leave_as_it_is() -%}
    {%- elif not is_by_month and not is_list and stays_as_it_is(existing, 'table', inputs) -%}
        {%- do _leave_as_it_is() -%}
    {%- elif is_by_month and existing is not none and existing.is_table and goes_on() -%}
        {{ run_hooks(pre_hooks) }}
        {%- set before = "'" ~ inputs.version ~ "'" if inputs.version else none -%}
        {%- set replaced = is_of_dirty_months('kept', config.get('meta')) -%}
        {%- set has_rows = run_query('select exists (from ' ~ relation ~ ' as kept where ' ~ replaced ~ ')').rows[0][0] -%}
        {%- set version = 'cast(uuid() as varchar)' -%}
        {%- if has_rows and before -%}
            {%- set version = 'if(exists (from gone) or exists (from come), ' ~ version ~ ', ' ~ before ~ ')' -%}
        {%- endif -%}
        {%- call statement('main') %}
            {%- if has_rows %}
            {{ make_part(relation, compiled_code, replaced) }};
            {{ note_version(inputs.made_of, version, before) }};
            {{ replace_rows(relation) }};
            {{ drop_part() }}
            {%- else %}
            insert into {{ relation }} by name
            {{ compiled_code }};
            {{ note_version(inputs.made_of, version, before) }}
            {%- endif %}
        {%- endcall -%}
        {%- do adapter.commit() -%}
    {%- else -%}
        {%- do run_query('delete from ' ~ versions() ~ " where name = '" ~ model.unique_id ~ "'") -%}
        {%- do dbt.materialization_incremental_duckdb() -%}
        {%- if is_list -%} {%- set version = version_of_rows(relation, inputs) -%}
        {%- elif is_by_month or not inputs.made_of -%} {%- set version = "cast(uuid() as varchar)" -%}
        {%- else -%} {%- set version = "'" ~ inputs.made_of ~ "'" -%}
        {%- endif -%}
        {%- do run_query(note_version(inputs.made_of, version)) -%}
    {%- endif -%}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{% materialization seed, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set checksum = local_md5(model.checksum.checksum ~ tojson(config.get('column_types')) ~ tojson(model.columns)) -%}
    {%- set known = run_query("select made_of from " ~ versions() ~ " where name = '" ~ model.unique_id ~ "'").rows -%}
    {%- if
        existing is not none and existing.is_table and not flags.FULL_REFRESH and target.name != 'dev'
        and known | length == 1 and known[0][0] == checksum
    -%}
        {%- do store_result('agate_table', response='UNCHANGED') -%}
        {%- do _leave_as_it_is() -%}
    {%- else -%}
        {%- do run_query('delete from ' ~ versions() ~ " where name = '" ~ model.unique_id ~ "'") -%}
        {#- dbt keeps the columns that a table has: a file with others would not load. -#}
        {%- if existing is not none and existing.is_table -%} {%- do adapter.drop_relation(existing) -%} {%- endif -%}
        {%- do dbt.materialization_seed_default() -%}
        {%- do run_query(note_version(checksum, "'" ~ checksum ~ "'")) -%}
    {%- endif -%}
    {{ return({'relations': [this.incorporate(type='table')]}) }}
{% endmaterialization %}

{#-
  In a build, a test that passed passes again while its code and what it reads are what they were. `dbt test` looks at the
  rows, whoever changed them.
-#}
{% materialization test, adapter='duckdb' %}
    {#- Its compiled code is another when it looks at a part. -#}
    {%- set inputs = what_it_is_made_of(model.raw_code) -%}
    {%- if waits_for_months(inputs) -%}
        {%- call statement('main', fetch_result=true) -%}
            select 0 as failures, false as should_warn, false as should_error
        {%- endcall -%}
    {%- elif
        flags.WHICH == 'build' and inputs.made_of and inputs.made_of == inputs.made_of_before and not flags.FULL_REFRESH
    -%}
        {%- call statement('main', fetch_result=true) -%}
            select 0 as failures, false as should_warn, false as should_error
        {%- endcall -%}
    {%- else -%}
        {%- do dbt.materialization_test_default() -%}
        {%- if inputs.made_of and load_result('main').table.rows[0][0] == 0 -%}
            {%- do run_query(note_version(inputs.made_of, 'null')) -%}
            {%- do adapter.commit() -%}
        {%- endif -%}
    {%- endif -%}
    {{ return({'relations': []}) }}
{% endmaterialization %}
