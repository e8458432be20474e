-- How much of what is counted in the range is measured, looked up and known.
select
    count(*) as plays,
    round(100.0 * count(*) filter (where plays.time_grade = 'exact') / nullif(count(*), 0), 1) as exact_pct,
    round(100.0 * count(*) filter (where plays.is_assumed) / nullif(count(*), 0), 1) as assumed_pct,
    round(100.0 * count(*) filter (where tracks.is_enriched) / nullif(count(*), 0), 1) as looked_up_pct,
    round(100.0 * count(*) filter (where artists.country_code is not null) / nullif(count(*), 0), 1)
        as country_known_pct,
    round(100.0 * count(*) filter (where artists.main_genre <> 'unknown') / nullif(count(*), 0), 1)
        as genre_known_pct,
    round(100.0 * count(*) filter (where recordings.first_release_year is not null) / nullif(count(*), 0), 1)
        as release_known_pct
from marts.fct_plays as plays
inner join marts.dim_track as tracks on plays.track_key = tracks.track_key
inner join marts.dim_artist as artists on plays.artist_key = artists.artist_key
inner join marts.dim_recording as recordings on plays.recording_key = recordings.recording_key
where
    plays.listener_id = $listener
    and plays.date_key between $from_day and $to_day
    and {counted}
