-- Files whose rows, as another reader counted them, are not those that were landed, known and rejected, or whose landed
-- rows are not those that have a fate.
with

fates as (
    select
        source_file,
        count(*) as rows_with_fate
    from {{ ref('fct_source_rows') }}
    group by source_file
),

files as (
    select * from {{ ref('stg_ops__landed_files') }}
    where entity in ('recently_played', 'streaming_history')
)

select
    source_file,
    f.rows_counted,
    f.rows_landed,
    f.rows_known,
    f.rows_rejected,
    a.rows_with_fate
from files as f
full join fates as a using (source_file)
where
    f.rows_counted is distinct from f.rows_landed + f.rows_known + f.rows_rejected
    or coalesce(f.rows_landed, 0) <> coalesce(a.rows_with_fate, 0)
