{#-
  What each relation of the last builds was made of, so that one whose inputs are what they were is left as it is.

  `built.relations` has a row for each source, seed, model and passed test: `made_of` is a fingerprint of its code and of
  the versions of what it reads, `version` moves only when its content does; `version_before` is what it was until the
  run of that name. A row is written in one transaction with the table that it speaks of, or only after it: a killed build
  leaves no row that says too much.
-#}

{#- Fingerprint of the settings that SQL reads by getvariable, of the project and of the vars. -#}
{% macro _settings_version() -%}
    md5(concat_ws(
        '|', {{ project_fingerprint() }}, getvariable('listener_timezone'), getvariable('listener_trips'),
        coalesce(cast(getvariable('listener_with_trips') as varchar), '-'), cast(getvariable('listener_time_zones') as varchar)
    ))
{%- endmacro %}

{#- The place of the fingerprints. -#}
{% macro versions() -%} {{ target.database }}.built.relations {%- endmacro %}

{#-
  At the start of a run: versions of what it begins with, which are the sources and the settings. Rows that were landed
  are never changed, so their payload is left out. What somebody dropped is forgotten.
-#}
{% macro note_sources() -%}
    {%- if execute and flags.WHICH in ('run', 'build', 'test', 'seed') %}
        create schema if not exists {{ target.database }}.built;
        create table if not exists {{ versions() }} (name varchar, made_of varchar, version varchar);
        alter table {{ versions() }} add column if not exists version_before varchar;
        alter table {{ versions() }} add column if not exists run varchar;
        create table if not exists {{ _changed_days() }} (name varchar, day date, run varchar);
        create table if not exists {{ target.database }}.built.later (listener_id varchar, month timestamp, reason varchar);
        create table if not exists {{ target.database }}.built.continued (run varchar);
        begin;
        delete from {{ versions() }} as known
        where
            name = 'settings' or name like 'source.%'
            or (name like 'model.%' or name like 'seed.%')
            and (split_part(name, '.', 1) = 'seed', split_part(name, '.', 3)) not in (
                select (table_schema = 'seeds', table_name) from information_schema.tables
                where table_catalog = '{{ target.database }}'
            );
        insert into {{ versions() }} (name, made_of, version)
        select 'settings', null, {{ _settings_version() }}
        {%- for source in graph.sources.values() %}
        union all
        select '{{ source.unique_id }}', null, concat(count(*), ':', sum(hash(landed)))
        from (
            select *{{ ' exclude (payload)' if source.schema == 'raw' }} from {{ source.relation_name }}
        ) as landed
        {%- endfor %};
        commit
    {%- endif -%}
{%- endmacro %}

{#-
  Fingerprint of the code of the current node and of all it reads, and what is known of it from before. The fingerprint is
  none where something that it reads has no version: then nothing can be said. `made_of_followed` is the fingerprint that
  it had when what it follows (`follows`, or its config `meta`) was what it was until this run. `months_wait`: whether there
  are months for another build (slices.sql); each node asks once for all of this.
-#}
{% macro what_it_is_made_of(code, follows=none) -%}
    {%- set parents = ['settings'] -%}
    {%- set files = [] -%}
    {%- for key in model.depends_on.nodes -%}
        {%- if key not in parents -%} {%- do parents.append(key) -%} {%- endif -%}
        {#- In dev a seed is what its file says now, whatever was loaded by a build. -#}
        {%- if key.startswith('seed.') -%} {%- do files.append(graph.nodes[key].checksum.checksum) -%} {%- endif -%}
    {%- endfor -%}
    {%- set own = local_md5(code ~ tojson(model.get('columns')) ~ model.get('description')) -%}
    {%- set followed = [] -%}
    {%- for name in follows or _meta('follows') or [] -%}
        {%- do followed.append('model.' ~ project_name ~ '.' ~ name) -%}
    {%- endfor -%}
    {%- set version_followed = "if(run = '" ~ invocation_id ~ "' and name in ('" ~ followed | join("', '")
        ~ "'), version_before, version)" -%}
    {%- set found = run_query(
        "select md5(string_agg(concat(name, '=', version), ' ' order by name) filter (name <> '" ~ model.unique_id ~ "')"
        ~ " || '" ~ own ~ files | join(' ') ~ "'), count(*) filter (name <> '" ~ model.unique_id ~ "'),"
        ~ " any_value(made_of) filter (name = '" ~ model.unique_id ~ "'),"
        ~ " any_value(version) filter (name = '" ~ model.unique_id ~ "'),"
        ~ " md5(concat('" ~ own ~ "', any_value(version) filter (name = 'settings'))),"
        ~ " md5(string_agg(concat(name, '=', " ~ version_followed ~ "), ' ' order by name)"
        ~ " filter (name <> '" ~ model.unique_id ~ "') || '" ~ own ~ files | join(' ') ~ "'), "
        ~ "exists (from " ~ later_months() ~ ") from " ~ versions()
        ~ " where name in ('" ~ model.unique_id ~ "', '" ~ parents | join("', '") ~ "')"
    ).rows[0] -%}
    {% do return({
        'made_of': found[0] if found[1] == parents | length else none, 'made_of_before': found[2], 'version': found[3],
        'code': found[4], 'made_of_followed': found[5] if followed and found[1] == parents | length else none,
        'months_wait': found[6]
    }) %}
{%- endmacro %}

{#- Whether the current model or seed is what a build would come to. -#}
{% macro stays_as_it_is(existing, type, inputs) -%}
    {% do return(
        existing is not none and existing.type == type and not flags.FULL_REFRESH
        and inputs.made_of is not none and inputs.made_of == inputs.made_of_before
    ) %}
{%- endmacro %}

{#- SQL that says what the current node is made of now, its version, and the one that it had before this run. -#}
{% macro note_version(made_of, version, before=none) -%}
    {%- set name = model.unique_id -%}
    delete from {{ versions() }} where name = '{{ name }}';
    insert into {{ versions() }} values (
        '{{ name }}', {{ "'" ~ made_of ~ "'" if made_of else 'null' }}, {{ version }},
        {{ before or 'null' }}, '{{ invocation_id }}'
    )
{%- endmacro %}

{#- Version of a table: its code, which names its columns, and its rows, in any order. -#}
{% macro version_of_rows(relation, inputs) -%}
    (select concat('{{ inputs.code }}', ':', count(*), ':', sum(hash(rows))) from {{ relation }} as rows)
{%- endmacro %}
