-- What became of every row of every source: counted, left out and why.
select
    source,
    source_file,
    fate,
    content_kind,
    rows_with_fate,
    plays,
    first_at,
    last_at
from reporting.explain_rows
where listener_id = $listener
order by source, source_file, fate, content_kind
limit $row_limit
