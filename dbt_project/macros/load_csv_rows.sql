{#-
  Loads a seed from the file that dbt has just read. dbt-duckdb's own macro, which this replaces, takes the path of the run
  that parsed the project: a relative one is not found from another folder. Signs of a pattern stand in brackets.
-#}
{% macro duckdb__load_csv_rows(model, agate_table) %}
    {%- set signs = namespace(escaped='') -%}
    {%- for sign in agate_table.original_abspath -%}
        {%- set signs.escaped = signs.escaped ~ ('[' ~ sign ~ ']' if sign in '[*?' else sign) -%}
    {%- endfor -%}
    {%- set sql -%}
        copy {{ this.render() }} from '{{ signs.escaped | replace("'", "''") }}' (format csv, header true)
    {%- endset -%}
    {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {{ return(sql) }}
{% endmacro %}
