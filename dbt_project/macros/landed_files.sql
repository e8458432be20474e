{#-
  The parsed base grows by landed file: a file is one (source_file, landed_at), its rows never change. Two macros that
  belong together: one deletes files that raw no longer has (or has landed again), the other keeps files not parsed yet.
-#}
{% macro forget_gone_files(source_relation) -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where (source_file, landed_at) not in (select distinct source_file, landed_at from {{ source_relation }})
    {%- endif -%}
{%- endmacro %}

{% macro is_from_new_file() -%}
    {%- if is_incremental() -%}
        (source_file, landed_at) not in (select distinct source_file, landed_at from {{ this }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
