with

all_plays as (
    select * from {{ ref('fct_plays') }}
),

tracks as (
    select * from {{ ref('dim_track') }}
),

plays as (
    select
        *,
        round(ms_played / 1000.0, 1) as seconds,
        round(duration_ms / 1000.0, 1) as track_seconds
    from all_plays
),

final as (
    select
        plays.local_started_at as played_at,
        tracks.track_name,
        tracks.artist_name,
        plays.seconds,
        plays.track_seconds,
        plays.reason_end,

        plays.is_play_any,
        if(plays.is_play_any, 'yes: something was heard', 'no: 0 seconds were heard') as why_any,

        plays.is_play_spotify30,
        case
            when plays.is_assumed then 'yes: Spotify listed it, which it does after 30 seconds; how long is not known'
            when plays.is_play_spotify30 then 'yes: 30 seconds or more were heard'
            else 'no: under 30 seconds were heard'
        end as why_spotify30,

        plays.is_play_lastfm,
        case
            when plays.ms_played >= 240000 then 'yes: 4 minutes or more were heard'
            when plays.duration_ms <= 30000 then 'no: the track itself is not over 30 seconds'
            when plays.is_play_lastfm and plays.duration_ms is not null then 'yes: half of the track or more was heard'
            when plays.is_play_lastfm then 'yes: it ended by itself after more than 30 seconds'
            when plays.duration_ms is not null then 'no: neither half of the track nor 4 minutes were heard'
            when plays.reason_end = 'trackdone'
                then 'no: it ended by itself, but 30 seconds or less were heard; the length of the track is not known'
            else 'no: the length of the track is not known, and nothing says that it ended by itself'
        end || if(plays.is_assumed, ' (as far as a poll can tell)', '') as why_lastfm,

        plays.is_play_completed,
        case
            when plays.reason_end = 'trackdone' then 'yes: the player says that the track ended'
            when plays.is_play_completed then 'yes: 90 % or more of the track were heard'
            when plays.duration_ms is null then 'no: nothing says so'
            else 'no: under 90 % of the track were heard'
        end || if(plays.is_assumed, ' (as far as a poll can tell)', '') as why_completed,

        plays.is_play_spotify30 and not plays.is_excluded as is_in_reports,
        case
            when plays.is_excluded then 'no: left out by ' || plays.exclusion_reason
            when plays.is_play_spotify30 then 'yes'
            else 'no: under 30 seconds were heard'
        end as why_in_reports,

        case plays.play_source
            when 'poll' then 'a poll told of it'
            when 'export' then 'an export told of it'
            else 'a poll and an export told of it (' || plays.match_reason || ', ' || plays.delta_seconds || ' s apart)'
        end as how_known,
        plays.time_grade,
        plays.is_near_duplicate,
        plays.play_key,
        plays.listener_id
    from plays
    inner join tracks on plays.track_key = tracks.track_key
)

select * from final
