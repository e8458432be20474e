-- Runs of days with plays that touch the range: certain days, and possible ones if days that nobody knows had plays.
with

runs as (
    select
        'overall' as scope,
        'overall' as name,
        null as name_key,
        *
    from reporting.streaks
    union all by name
    select
        'artist' as scope,
        artist_name as name,
        (select min(artists.artist_key) from marts.dim_artist as artists where artists.artist_name = found.artist_name) as name_key,
        * exclude (artist_name)
    from reporting.artist_streaks as found
)

select
    scope,
    name,
    name_key,
    certain_days,
    possible_days,
    started_on,
    ended_on,
    is_ongoing
from runs
where listener_id = $listener and scope = $scope and started_on <= $to_day and ended_on >= $from_day
order by certain_days desc, possible_days desc, started_on desc, name, name_key
limit $row_limit
