-- Each month of the range: the share of its time that is covered, by exports and by polls.
select
    cast(date_trunc('month', date_key) as date) as month_start,
    round(100.0 * sum(covered_minutes) / nullif(sum(known_minutes), 0), 1) as coverage_pct,
    round(100.0 * sum(covered_by_exports_minutes) / nullif(sum(known_minutes), 0), 1) as exports_pct,
    round(100.0 * sum(covered_by_polls_minutes) / nullif(sum(known_minutes), 0), 1) as polls_pct,
    count(*) filter (where coverage_pct < 50) as days_under_half
from marts.fct_listening_coverage
where listener_id = $listener and date_key between $from_day and $to_day
group by all
order by month_start
