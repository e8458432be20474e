-- The recordings of one thing in the range, ranked.
with

apart as (
    select recordings.recording_key
    from marts.dim_recording as recordings
    where recordings.recording_key = 0
),

{listed by recording_key}

select
    if(listed.is_apart, null, listed.place) as rank,
    recordings.recording_name as name,
    recordings.artist_name,
    recordings.artist_key,
    round(listed.plays, 2) as plays,
    round(listed.ms / 60000.0, 1) as minutes,
    round(100.0 * listed.{measure} / nullif(listed.whole, 0), 2) as share_pct,
    cast(recordings.recording_key as varchar) as key,
    listed.total
from listed
inner join marts.dim_recording as recordings on listed.recording_key = recordings.recording_key
order by listed.place
