{#-
  The models of some schemas as rows (schema_name, name, description, question, example), taken from the project
  itself: right wherever the file is copied to. Gives one row of nulls where there is no project to ask, as in a linter.
-#}
{% macro models_as_rows(schemas) -%}
    {%- set rows = [] -%}
    {%- if execute and graph is defined -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.schema in schemas -%}
            {%- set meta = node.config.meta -%}
            {%- set texts = [
                node.schema, node.name, node.description | trim,
                meta.get('question', ''), meta.get('example', ''),
            ] -%}
            {%- do rows.append("('" ~ texts | map('replace', "'", "''") | join("', '") ~ "')") -%}
        {%- endfor -%}
    {%- endif -%}
    (values {{ rows | sort | join(',\n        ') or '(null, null, null, null, null)' }})
{%- endmacro %}
