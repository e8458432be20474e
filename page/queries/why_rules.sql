-- One year counted by each rule, from all plays to the number of each service.
select
    position,
    rule,
    plays,
    minutes,
    definition
from reporting.explain_rules
where listener_id = $listener and year = $year
order by position
