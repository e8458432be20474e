-- How broad each month of the range is: artists, tracks, and as how many artists heard equally often it is spread.
select
    period_start,
    plays,
    artists,
    tracks,
    effective_artists,
    top_10_pct,
    coverage_pct
from reporting.diversity
where listener_id = $listener and period_start between date_trunc('month', $from_day) and $to_day
order by period_start
