{{ config(materialized='table') }}
with

plays as (
    select listener_id, date_key as day, recording_key, artist_key, ms_played from {{ counted_plays() }}
),

heard as (
    select
        listener_id, 'artist' as kind, artist_key as name_key, any_value(artist_key) as artist_key, day,
        count(*) as plays, sum(ms_played) as ms
    from plays
    where artist_key <> 'unknown'
    group by listener_id, name_key, day
    union all
    select listener_id, 'track', recording_key, min(artist_key), day, count(*), sum(ms_played)
    from plays
    where recording_key <> 'unknown'
    group by listener_id, recording_key, day
),

gapped as (
    select
        *,
        lag(day) over (partition by listener_id, kind, name_key order by day) as last_heard_on,
        sum(plays) over month_after as plays_next_30_days,
        sum(ms) over month_after as ms_next_30_days
    from heard
    window month_after as (
        partition by listener_id, kind, name_key
        order by day range between current row and interval 29 days following
    )
),

returned as (
    select * from gapped where day - last_heard_on >= 180
),

days as (
    select
        listener_id,
        period_start as day,
        sum(coverage_pct) over (partition by listener_id order by period_start) as covered_so_far
    from {{ ref('completeness') }}
    where period_type = 'day'
),

final as (
    select
        r.kind,
        coalesce(t.recording_name, a.artist_name) as name,
        a.artist_name,
        r.day as returned_on,
        r.last_heard_on,
        cast(r.day - r.last_heard_on as integer) as gap_days,
        r.plays_next_30_days,
        {{ minutes('r.ms_next_30_days') }} as minutes_next_30_days,
        round((u.covered_so_far - f.covered_so_far) / (r.day - r.last_heard_on), 1) as coverage_pct,
        u.covered_so_far - f.covered_so_far < 100.0 * (r.day - r.last_heard_on) as is_lower_bound,
        r.name_key,
        r.listener_id
    from returned as r
    inner join days as f on f.listener_id = r.listener_id and f.day = r.last_heard_on
    inner join days as u on u.listener_id = r.listener_id and u.day = r.day
    left join {{ ref('dim_recording') }} as t on r.kind = 'track' and t.recording_key = r.name_key
    inner join {{ ref('dim_artist') }} as a on a.artist_key = r.artist_key
)

select * from final
order by returned_on desc, plays_next_30_days desc, kind, name_key
