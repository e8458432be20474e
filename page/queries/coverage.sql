-- How much of the known time of the range is covered; time that no poll and no export covers is unknown, not silent.
select
    round(100.0 * sum(covered_minutes) / nullif(sum(known_minutes), 0), 1) as coverage_pct,
    coalesce(bool_or(has_holes), false) as has_holes,
    count(*) as known_days
from marts.fct_listening_coverage
where listener_id = $listener and date_key between $from_day and $to_day
