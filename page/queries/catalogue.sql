-- What there is to ask in SQL: each table and report with what a row of it is.
select
    schema_name || '.' || name as name,
    description,
    try_this
from reporting.definitions
order by schema_name desc, name
