-- Recordings of the range, ranked; what is not known stands at the end, without a rank.
with

apart as (
    select recordings.recording_number
    from marts.dim_recording as recordings
    where recordings.recording_key = 'unknown'
),

{heard by recording_number},

{shown by recording_number}

select
    if(shown.is_apart, null, shown.place) as rank,
    shown.place_before as rank_before,
    recordings.recording_name as name,
    recordings.artist_name,
    recordings.artist_key,
    round(shown.plays, 2) as plays,
    round(shown.ms / 60000.0, 1) as minutes,
    round(100.0 * shown.{measure} / nullif(shown.whole, 0), 2) as share_pct,
    recordings.recording_key as key,
    shown.total,
    shown.without_rank
from shown
inner join marts.dim_recording as recordings on shown.recording_number = recordings.recording_number
order by shown.place
