-- Tracks of the two periods side by side: what rose, fell, is new and is gone; the greatest changes first.
with

apart as (
    select recordings.recording_number
    from marts.dim_recording as recordings
    where recordings.recording_key = 'unknown'
),

{compared by recording_number}

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
    recordings.recording_key as key
from compared
inner join marts.dim_recording as recordings on compared.recording_number = recordings.recording_number
order by abs(compared.change) desc, compared.recording_number
