-- The two periods side by side: plays, minutes, artists, tracks, days with plays, and how much of each is covered.
with

spans as (
    select 'a' as span, $a_from as first_day, $a_to as last_day
    union all
    select 'b' as span, $b_from as first_day, $b_to as last_day
),

special_purpose as (
    select artists.artist_key
    from marts.dim_artist as artists
    where artists.is_special_purpose
),

nameless as (
    select recordings.recording_key
    from marts.dim_recording as recordings
    where recordings.recording_key = 0
),

-- Each period by itself, so that DuckDB passes over the days of no other: a join with spans takes twice as long.
heard as (
    select
        'a' as span,
        sum(days.{plays}) as plays,
        sum(days.{ms}) as ms,
        count(distinct days.artist_key) filter (where days.artist_key not in (from special_purpose)) as artists,
        count(distinct days.recording_key) filter (where days.recording_key not in (from nameless)) as tracks,
        count(distinct days.date_key) as days
    from marts.fct_listening_days as days
    where days.listener_id = $listener and days.date_key between $a_from and $a_to and days.{plays} > 0
    union all
    select
        'b' as span,
        sum(days.{plays}) as plays,
        sum(days.{ms}) as ms,
        count(distinct days.artist_key) filter (where days.artist_key not in (from special_purpose)) as artists,
        count(distinct days.recording_key) filter (where days.recording_key not in (from nameless)) as tracks,
        count(distinct days.date_key) as days
    from marts.fct_listening_days as days
    where days.listener_id = $listener and days.date_key between $b_from and $b_to and days.{plays} > 0
),

covered as (
    select
        spans.span,
        round(100.0 * sum(coverage.covered_minutes) / nullif(sum(coverage.known_minutes), 0), 1) as coverage_pct
    from spans
    inner join marts.fct_listening_coverage as coverage
        on coverage.listener_id = $listener and coverage.date_key between spans.first_day and spans.last_day
    group by all
)

select
    spans.span,
    spans.first_day,
    spans.last_day,
    cast(coalesce(heard.plays, 0) as bigint) as plays,
    round(coalesce(heard.ms, 0) / 60000.0, 1) as minutes,
    coalesce(heard.artists, 0) as artists,
    coalesce(heard.tracks, 0) as tracks,
    coalesce(heard.days, 0) as days,
    covered.coverage_pct
from spans
left join heard on spans.span = heard.span
left join covered on spans.span = covered.span
order by spans.span
