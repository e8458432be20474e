-- Recordings of the range, ranked; what is not known stands at the end, without a rank.
with

apart as (
    select recordings.recording_key
    from marts.dim_recording as recordings
    where recordings.recording_key = 0
),

{heard by recording_key},

{shown by recording_key}

select
    if(shown.is_apart, null, shown.place) as rank,
    shown.place_before as rank_before,
    recordings.recording_name as name,
    recordings.artist_name,
    recordings.artist_key,
    round(shown.plays, 2) as plays,
    round(shown.ms / 60000.0, 1) as minutes,
    round(100.0 * shown.{measure} / nullif(shown.whole, 0), 2) as share_pct,
    cast(recordings.recording_key as varchar) as key,
    shown.total,
    shown.without_rank
from shown
inner join marts.dim_recording as recordings on shown.recording_key = recordings.recording_key
order by shown.place
