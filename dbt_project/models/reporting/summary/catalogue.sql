{{ config(materialized='table') }}
-- depends_on: {{ ref('completeness') }}
with

listed (schema_name, name, description, question, example) as (
    select *
    from {{ models_as_rows(['reporting']) }}
),

final as (
    select
        name,
        question,
        'from ' || coalesce(nullif(example, ''), schema_name || '.' || name) as example
    from listed
    where name is not null
)

select * from final
order by name
