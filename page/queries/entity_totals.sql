-- One thing in the range: its plays, minutes, days, first and last day in the range, and first and last day of all.
with

chosen as (
    {entity}
)

select
    coalesce(round(sum(plays.weight) filter (where plays.date_key between $from_day and $to_day), 2), 0) as plays,
    round(
        coalesce(sum(plays.ms_played * plays.weight) filter (where plays.date_key between $from_day and $to_day), 0)
        / 60000.0, 1
    ) as minutes,
    count(distinct plays.date_key) filter (where plays.date_key between $from_day and $to_day) as days,
    count(distinct plays.recording_key) filter (where plays.date_key between $from_day and $to_day) as tracks,
    min(plays.date_key) as first_heard,
    max(plays.date_key) as last_heard,
    coalesce(round(sum(plays.weight), 2), 0) as plays_of_all_time
from chosen as plays
where plays.listener_id = $listener and {counted}
