{{ config(materialized='table') }}
with

plays as (
    select listener_id, date_key, recording_key, artist_key, started_at, ms_played from {{ counted_plays() }}
),

heard as (
    select
        listener_id, 'artist' as kind, artist_key as name_key, artist_key, null as recording_key, date_key,
        min(started_at) as first_at, count(*) as plays, sum(ms_played) as ms
    from plays
    group by all
    union all
    select
        listener_id, 'track', recording_key, artist_key, recording_key, date_key,
        min(started_at), count(*), sum(ms_played)
    from plays
    group by all
),

firsts as (
    select listener_id, kind, name_key, min(date_key) as discovered_on from heard group by all
),

summed as (
    select
        h.listener_id,
        h.kind,
        h.name_key,
        any_value(h.recording_key) as recording_key,
        arg_min(h.artist_key, h.first_at) as artist_key,
        f.discovered_on,
        sum(h.plays) as plays,
        sum(h.ms) as ms,
        sum(h.plays) filter (where h.date_key < f.discovered_on + 30) as plays_first_30_days,
        count(distinct h.date_key) as days_heard,
        max(h.date_key) as last_heard_on
    from heard as h
    inner join firsts as f on f.listener_id = h.listener_id and f.kind = h.kind and f.name_key = h.name_key
    group by h.listener_id, h.kind, h.name_key, f.discovered_on
),

final as (
    select
        s.kind,
        coalesce(r.recording_name, a.artist_name) as name,
        a.artist_name,
        s.discovered_on,
        s.plays > 3 and s.days_heard >= 2 as is_kept,
        s.plays,
        {{ minutes('s.ms') }} as minutes,
        s.plays_first_30_days,
        s.days_heard,
        s.last_heard_on,
        s.discovered_on < l.period_start + 90 as is_warm_up,
        {{ coverage_columns('c') }},
        s.name_key,
        s.listener_id
    from summed as s
    inner join {{ ref('dim_artist') }} as a on a.artist_key = s.artist_key
    left join {{ ref('dim_recording') }} as r on r.recording_key = s.recording_key
    inner join {{ ref('completeness') }} as l on l.listener_id = s.listener_id and l.period_type = 'all_time'
    inner join {{ ref('completeness') }} as c
        on c.listener_id = s.listener_id
        and c.period_type = 'month'
        and c.period_start = date_trunc('month', s.discovered_on)
    where s.name_key <> 'unknown'
)

select * from final
order by discovered_on desc, plays desc, kind, name_key
