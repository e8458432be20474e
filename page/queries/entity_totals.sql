-- One thing in the range: its plays, minutes, days, first and last day in the range, and first and last day of all.
with

chosen as (
    {entity_days}
)

select
    coalesce(
        round(sum(chosen.{plays} * chosen.weight) filter (where chosen.date_key between $from_day and $to_day), 2), 0
    ) as plays,
    round(
        coalesce(sum(chosen.{ms} * chosen.weight) filter (where chosen.date_key between $from_day and $to_day), 0)
        / 60000.0, 1
    ) as minutes,
    count(distinct chosen.date_key) filter (where chosen.date_key between $from_day and $to_day) as days,
    count(distinct chosen.recording_key) filter (where chosen.date_key between $from_day and $to_day) as tracks,
    min(chosen.date_key) as first_heard,
    max(chosen.date_key) as last_heard,
    coalesce(round(sum(chosen.{plays} * chosen.weight), 2), 0) as plays_of_all_time
from chosen
where chosen.listener_id = $listener and chosen.{plays} > 0
