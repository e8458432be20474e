-- How much of the range is covered, as far as anything is known: time without polls or an export is unknown, not silent.
with

days as (
    select greatest(0, date_diff('day', greatest($from_day, $known_from), least($to_day, $known_until)) + 1) as known_days
),

covered as (
    select
        count(*) as told_days,
        coalesce(sum(covered_minutes), 0) as covered_minutes,
        coalesce(sum(total_minutes), 0) as total_minutes
    from marts.fct_listening_coverage
    where listener_id = $listener and date_key between $from_day and least($to_day, $known_until)
)

select
    round(
        100.0 * covered.covered_minutes
        / nullif(covered.total_minutes + 1440 * greatest(0, days.known_days - covered.told_days), 0), 1
    ) as coverage_pct,
    days.known_days,
    covered.told_days
from days
cross join covered
