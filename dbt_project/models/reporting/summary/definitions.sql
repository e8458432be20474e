{{ config(materialized='table') }}
-- depends_on: {{ ref('completeness') }}
with

listed (schema_name, name, description, question, example) as (
    select *
    from {{ models_as_rows(['reporting', 'marts']) }}
),

final as (
    select
        schema_name,
        name,
        regexp_replace(description, '\s+', ' ', 'g') as description,
        'from ' || schema_name || '.' || name || ' limit 10' as try_this
    from listed
    where name is not null
)

select * from final
order by schema_name = 'reporting' desc, name
