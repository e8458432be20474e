{{ config(materialized='view') }}
with

plays as (
    select
        *,
        round(ms_played / 1000.0, 1) as seconds,
        round(duration_ms / 1000.0, 1) as track_seconds
    from {{ ref('fct_plays') }}
),

final as (
    select
        p.local_started_at as played_at,
        t.track_name,
        t.artist_name,
        p.seconds,
        p.track_seconds,
        p.reason_end,

        p.is_play_any,
        if(p.is_play_any, 'yes: something was heard', 'no: 0 seconds were heard') as why_any,

        p.is_play_spotify30,
        case
            when p.is_assumed then 'yes: Spotify listed it, which it does after 30 seconds; how long is not known'
            when p.is_play_spotify30 then 'yes: 30 seconds or more were heard'
            else 'no: under 30 seconds were heard'
        end as why_spotify30,

        p.is_play_lastfm,
        case
            when p.ms_played >= 240000 then 'yes: 4 minutes or more were heard'
            when p.duration_ms <= 30000 then 'no: the track itself is not over 30 seconds'
            when p.is_play_lastfm and p.duration_ms is not null then 'yes: half of the track or more was heard'
            when p.is_play_lastfm then 'yes: it ended by itself after more than 30 seconds'
            when p.duration_ms is not null then 'no: neither half of the track nor 4 minutes were heard'
            when p.reason_end = 'trackdone'
                then 'no: it ended by itself, but 30 seconds or less were heard; the length of the track is not known'
            else 'no: the length of the track is not known, and nothing says that it ended by itself'
        end || if(p.is_assumed, ' (as far as a poll can tell)', '') as why_lastfm,

        p.is_play_completed,
        case
            when p.reason_end = 'trackdone' then 'yes: the player says that the track ended'
            when p.is_play_completed then 'yes: 90 % or more of the track were heard'
            when p.duration_ms is null then 'no: nothing says so'
            else 'no: under 90 % of the track were heard'
        end || if(p.is_assumed, ' (as far as a poll can tell)', '') as why_completed,

        p.is_play_spotify30 and not p.is_excluded as is_in_reports,
        case
            when p.is_excluded then 'no: left out by ' || p.exclusion_reason
            when p.is_play_spotify30 then 'yes'
            else 'no: not a play under spotify30'
        end as why_in_reports,

        case p.play_source
            when 'poll' then 'a poll told of it'
            when 'export' then 'an export told of it'
            else 'a poll and an export told of it (' || p.match_reason || ', ' || p.delta_seconds || ' s apart)'
        end as how_known,
        p.time_grade,
        p.is_near_duplicate,
        p.play_key,
        p.listener_id
    from plays as p
    inner join {{ ref('dim_track') }} as t on p.track_key = t.track_key
)

select * from final
