{#-
  The parsed base grows by landed file: a file is one (source_file, landed_at), its rows never change. Macros that
  belong together: one deletes what is to be parsed again, another keeps the files that are not parsed yet.
-#}

{#- The version of the rules that staging parses rows of plays by. A change of the rules is a new number. -#}
{% macro parsing_rules_version() -%}
    5
{%- endmacro %}

{#-
  Deletes rows of files that raw no longer has (or has landed again), and rows that an earlier version of the project
  parsed. `new_columns` (name: type) are those that its base may lack; they come before anything is deleted, since DuckDB
  adds no column to a table that the transaction has deleted from.
-#}
{% macro forget_old_rows(source_relation, new_columns) -%}
    {%- if is_incremental() -%}
        {%- for column, type in dict(new_columns, parsed_by='integer').items() %}
        alter table {{ this }} add column if not exists {{ column }} {{ type }};
        {%- endfor %}
        {%- for column in adapter.get_columns_in_relation(this) if column.name in ('row_key', 'track_key') and column.dtype != 'BIGINT' %}
        alter table {{ this }} alter {{ column.name }} type bigint using null;
        {%- endfor %}
        delete from {{ this }}
        where
            (source_file, landed_at) not in (select distinct source_file, landed_at from {{ source_relation }})
            or parsed_by is distinct from {{ parsing_rules_version() }}
    {%- endif -%}
{%- endmacro %}

{% macro is_from_new_file() -%}
    {%- if is_incremental() -%}
        (source_file, landed_at) not in (select distinct source_file, landed_at from {{ this }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- The download that a file of stg_ops__landed_files is from, by names and sizes; a damaged copy of a file is of another. -#}
{% macro name_of_download() -%}
    concat_ws(
        ' ', export_id, dense_rank() over (partition by listener_id, export_id, original_name order by original_sha256)
    )
{%- endmacro %}
