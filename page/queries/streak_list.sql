-- Runs of days with plays that touch the range: certain days, and possible ones if days that nobody knows had plays.
select
    scope,
    name,
    name_key,
    certain_days,
    possible_days,
    started_on,
    ended_on,
    is_ongoing
from reporting.streaks
where listener_id = $listener and scope = $scope and started_on <= $to_day and ended_on >= $from_day
order by certain_days desc, possible_days desc, started_on desc, name, name_key
limit $row_limit
