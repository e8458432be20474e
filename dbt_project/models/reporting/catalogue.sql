{#- Written from the project itself, so that it needs nothing but this file to be right. -#}
{{ config(materialized='table') }}
-- depends_on: {{ ref('completeness') }}
{%- set rows = [] %}
{%- if execute %}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.schema in ('reporting', 'marts') %}
        {%- set columns = node.columns.keys() | join(', ') %}
        {%- do rows.append((node.schema, node.name, node.description | trim | replace('\n', ' '), columns)) %}
    {%- endfor %}
{%- endif %}
with

listed as (
    {%- for schema, name, description, columns in rows | sort %}
    select
        '{{ schema }}' as schema_name,
        '{{ name }}' as name,
        '{{ description | replace("'", "''") }}' as description,
        '{{ columns }}' as columns
    {{ 'union all' if not loop.last }}
    {%- else %}
    select null as schema_name, null as name, null as description, null as columns where false
    {%- endfor %}
),

final as (
    select
        schema_name,
        name,
        regexp_replace(description, '\s+', ' ', 'g') as description,
        'from ' || schema_name || '.' || name || ' limit 10' as try_this,
        columns
    from listed
)

select * from final
order by schema_name = 'reporting' desc, name
