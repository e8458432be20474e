-- Tracks of the two periods side by side: what rose, fell, is new and is gone; the greatest changes first.
with

apart as (
    select recordings.recording_key
    from marts.dim_recording as recordings
    where recordings.recording_key = 0
),

{compared by recording_key}

select
    recordings.recording_name || ' by ' || recordings.artist_name as name,
    compared.plays_a,
    compared.plays_b,
    compared.plays_change,
    compared.minutes_a,
    compared.minutes_b,
    compared.rank_a,
    compared.rank_b,
    compared.moved,
    cast(recordings.recording_key as varchar) as key
from compared
inner join marts.dim_recording as recordings on compared.recording_key = recordings.recording_key
order by abs(compared.change) desc, compared.recording_key
