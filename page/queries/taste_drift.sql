-- How far the genres of each month of the range are from those of the twelve months before it: 0 the same, 1 all others.
select
    period_start,
    round(drift, 3) as drift,
    grew_most,
    shrank_most,
    round(plays_with_genre, 1) as plays_with_genre,
    coverage_pct
from reporting.genre_drift
where listener_id = $listener and period_start between date_trunc('month', $from_day) and $to_day
order by period_start
