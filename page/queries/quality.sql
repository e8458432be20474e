-- How much of what is counted in the range is measured, looked up and known.
with

measured as (
    select
        count(*) as plays,
        count(*) filter (where plays.time_grade = 'exact') as exact_plays,
        count(*) filter (where plays.time_grade <> 'exact' and not plays.is_assumed) as bounded_plays,
        count(*) filter (where plays.is_assumed) as assumed_plays
    from marts.fct_plays as plays
    where
        plays.listener_id = $listener
        and plays.date_key between $from_day and $to_day
        and {counted}
),

heard as (
    select
        days.artist_key,
        days.recording_key,
        sum(days.{plays}) as plays
    from {days} as days
    where days.listener_id = $listener and days.date_key between $from_day and $to_day
    group by all
),

known as (
    select
        sum(heard.plays) filter (where recordings.is_enriched) as looked_up,
        sum(heard.plays) filter (where artists.country_code is not null) as with_country,
        sum(heard.plays) filter (where artists.main_genre <> 'unknown') as with_genre,
        sum(heard.plays) filter (where recordings.first_release_year is not null) as with_release
    from heard
    inner join marts.dim_artist as artists on heard.artist_key = artists.artist_key
    inner join marts.dim_recording as recordings on heard.recording_key = recordings.recording_key
)

select
    measured.plays,
    round(100.0 * measured.exact_plays / nullif(measured.plays, 0), 2) as exact_pct,
    round(100.0 * measured.bounded_plays / nullif(measured.plays, 0), 2) as bounded_pct,
    round(100.0 * measured.assumed_plays / nullif(measured.plays, 0), 2) as assumed_pct,
    round(100.0 * coalesce(known.looked_up, 0) / nullif(measured.plays, 0), 2) as looked_up_pct,
    round(100.0 * coalesce(known.with_country, 0) / nullif(measured.plays, 0), 2) as country_known_pct,
    round(100.0 * coalesce(known.with_genre, 0) / nullif(measured.plays, 0), 2) as genre_known_pct,
    round(100.0 * coalesce(known.with_release, 0) / nullif(measured.plays, 0), 2) as release_known_pct
from measured
cross join known
