{#-
  The parsed base grows by landed file: a file is one (source_file, landed_at), its rows never change. Two macros that
  belong together: one deletes what is to be parsed again, the other keeps the files that are not parsed yet.
-#}

{#- The version of the rules that staging parses rows of plays by. A change of the rules is a new number. -#}
{% macro parsing_rules_version() -%}
    2
{%- endmacro %}

{#- Files that raw no longer has (or has landed again), and rows that an earlier version of the project parsed. -#}
{% macro forget_gone_files(source_relation) -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            (source_file, landed_at) not in (select distinct source_file, landed_at from {{ source_relation }})
            {% if 'parsed_by' in adapter.get_columns_in_relation(this) | map(attribute='name') -%}
            or parsed_by is distinct from {{ parsing_rules_version() }}
            {%- else -%}
            or true
            {%- endif %}
    {%- endif -%}
{%- endmacro %}

{% macro is_from_new_file() -%}
    {%- if is_incremental() -%}
        (source_file, landed_at) not in (select distinct source_file, landed_at from {{ this }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}
