-- What is counted as one with something that was heard more, the most minutes at stake first; of all time.
select
    member_name as merged,
    into_name as counted_with,
    reason as why,
    plays,
    minutes,
    line_to_keep_apart,
    kind,
    merged_key,
    count(*) over () as total
from marts.fct_merges
where listener_id = $listener and kind = $merges_of
order by minutes desc, merged, line_to_keep_apart
limit $row_limit
offset $row_offset
