-- Long silences of one artist, and how they ended.
select
    silent_from,
    silent_until,
    gap_days
from reporting.listening_gaps
where listener_id = $listener and scope = 'artist' and name_key = $key
order by gap_days desc, silent_from
limit $row_limit
