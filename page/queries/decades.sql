-- Decades in which what was heard in the range was first released, as far as it is known; the unknown one is last.
with

by_recording as (
    select
        days.recording_key,
        sum(days.{plays}) as plays,
        sum(days.{ms}) as ms
    from {days} as days
    where days.listener_id = $listener and days.date_key between $from_day and $to_day
    group by all
    having sum(days.{plays}) > 0
)

select
    coalesce(recordings.first_release_decade || 's', 'unknown') as decade,
    count(*) as tracks,
    cast(sum(by_recording.plays) as bigint) as plays,
    round(sum(by_recording.ms) / 60000.0, 1) as minutes,
    round(100.0 * sum({measure}) / sum(sum({measure})) over (), 2) as share_pct
from by_recording
inner join marts.dim_recording as recordings on by_recording.recording_key = recordings.recording_key
group by recordings.first_release_decade
order by recordings.first_release_decade nulls last
