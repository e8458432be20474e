-- One artist, track or album year by year: plays, minutes, and its rank among all of its kind.
with

heard as (
    select
        year(plays.date_key) as year,
        case $kind
            when 'artist' then plays.artist_key when 'track' then plays.recording_key else plays.album_key
        end as key,
        count(*) as plays,
        sum(plays.ms_played) as ms
    from marts.fct_plays as plays
    where plays.listener_id = $listener and plays.date_key between $from_day and $to_day and {counted}
    group by all
),

ranked as (
    select
        *,
        row_number() over (partition by year order by {measure} desc, {other} desc, key) as rank
    from heard
    where key not in (select artists.artist_key from marts.dim_artist as artists where artists.is_special_purpose)
)

select
    cast(year as integer) as year,
    rank,
    plays,
    round(ms / 60000.0, 1) as minutes
from ranked
where key = $key
order by year
