-- Gaps between polls that touch the range; an export that covers a gap closes it.
select
    gap_from,
    gap_until,
    gap_minutes,
    noticed_at,
    is_closed
from marts.fct_listening_gaps
where
    listener_id = $listener
    and cast(gap_from as date) <= $to_day
    and cast(gap_until as date) >= $from_day
order by is_closed, gap_from
