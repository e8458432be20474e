-- New, recent and familiar artists in each month of the range.
select
    months.period_start,
    months.new_artists,
    breadth.artists,
    months.discovery_rate_pct,
    months.plays_new,
    months.plays_recent,
    months.plays_familiar,
    months.plays_masked,
    months.plays_masked > 0 as is_warm_up,
    months.coverage_pct
from reporting.new_vs_familiar as months
left join reporting.diversity as breadth
    on months.listener_id = breadth.listener_id and months.period_start = breadth.period_start
where months.listener_id = $listener and months.period_start between date_trunc('month', $from_day) and $to_day
order by months.period_start
