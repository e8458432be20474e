-- How often starts were skipped, of all time: overall, then by artist.
with

overall as (
    select
        sum(starts) as starts,
        sum(skips) as skips,
        sum(completed) as completed
    from reporting.skip_rate
    where listener_id = $listener
),

both_scopes as (
    select
        'overall' as scope,
        'overall' as name,
        null as artist_key,
        starts,
        skips,
        round(100.0 * skips / starts, 1) as skip_rate_pct,
        completed,
        round(100.0 * completed / starts, 1) as completion_rate_pct
    from overall
    where starts > 0
    union all
    select
        'artist' as scope,
        artist_name as name,
        (select min(artists.artist_key) from marts.dim_artist as artists where artists.artist_name = found.artist_name) as artist_key,
        starts,
        skips,
        skip_rate_pct,
        completed,
        completion_rate_pct
    from reporting.skip_rate_by_artist as found
    where listener_id = $listener
)

select * from both_scopes
order by scope <> 'overall', starts desc, name, artist_key
limit $row_limit
