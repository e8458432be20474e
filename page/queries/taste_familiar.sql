-- New, recent and familiar artists in each month of the range.
select
    period_start,
    new_artists,
    artists,
    discovery_rate_pct,
    plays_new,
    plays_recent,
    plays_familiar,
    is_warm_up,
    coverage_pct
from reporting.new_vs_familiar
where listener_id = $listener and period_type = 'month' and period_start between date_trunc('month', $from_day) and $to_day
order by period_start
