{{ config(materialized='view') }}
with

-- When each listener's 200th newest play ended: to sort all plays of a listener would take most of a second.
bounds as (
    select
        listener_id,
        list_min(max(ended_at, 200)) as newest_since
    from {{ ref('fct_plays') }}
    where not is_excluded
    group by all
),

newest as (
    select p.*
    from {{ ref('fct_plays') }} as p
    inner join bounds as b on p.listener_id = b.listener_id and p.ended_at >= b.newest_since
    where not p.is_excluded
    qualify row_number() over (partition by p.listener_id order by p.ended_at desc, p.play_key) <= 200
),

final as (
    select
        p.local_started_at as played_at,
        r.recording_name as track_name,
        a.artist_name,
        al.album_name,
        {{ minutes('p.ms_played') }} as minutes,
        p.is_play_spotify30 as is_counted,
        p.is_skip,
        p.play_source,
        p.time_grade,
        p.started_at,
        p.ended_at,
        p.time_zone,
        p.play_key,
        p.listener_id
    from newest as p
    inner join {{ ref('dim_recording') }} as r on p.recording_key = r.recording_key
    inner join {{ ref('dim_artist') }} as a on p.artist_key = a.artist_key
    inner join {{ ref('dim_album') }} as al on p.album_key = al.album_key
)

select * from final
order by ended_at desc, play_key
