{{ config(materialized='view') }}
with

final as (
    select
        s.local_started_at as started_at,
        s.local_ended_at as ended_at,
        s.length_minutes,
        s.minutes_played,
        s.plays,
        s.skips,
        s.artists,
        s.recordings as tracks,
        f.artist_name || ' - ' || f.track_name as first_track,
        l.artist_name || ' - ' || l.track_name as last_track,
        {{ coverage_columns('c') }},
        s.session_key,
        s.listener_id
    from {{ ref('fct_sessions') }} as s
    inner join {{ ref('dim_track') }} as f on s.first_track_key = f.track_key
    inner join {{ ref('dim_track') }} as l on s.last_track_key = l.track_key
    left join {{ ref('completeness') }} as c
        on s.listener_id = c.listener_id and c.period_type = 'day' and s.date_key = c.period_start
)

select * from final
order by started_at desc, session_key
