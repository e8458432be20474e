{{ config(meta={'follows': ['fct_plays'], 'part': {'days': 'date_key'}}) }}

with

all_plays as (
    select * from {{ ref('fct_plays') }}
    where not is_excluded and {{ is_of_part() }}
),

final as (
    select
        all_plays.listener_id,
        all_plays.date_key,
        all_plays.recording_key,
        all_plays.album_key,
        all_plays.artist_key,
        cast(count(*) filter (where all_plays.is_play_spotify30) as integer) as plays,
        cast(coalesce(sum(all_plays.ms_played) filter (where all_plays.is_play_spotify30), 0) as bigint) as ms_played,
        cast(count(*) filter (where all_plays.is_play_any) as integer) as plays_any,
        cast(coalesce(sum(all_plays.ms_played) filter (where all_plays.is_play_any), 0) as bigint) as ms_any,
        cast(count(*) filter (where all_plays.is_play_lastfm) as integer) as plays_lastfm,
        cast(coalesce(sum(all_plays.ms_played) filter (where all_plays.is_play_lastfm), 0) as bigint) as ms_lastfm,
        cast(count(*) filter (where all_plays.is_play_completed) as integer) as plays_completed,
        cast(coalesce(sum(all_plays.ms_played) filter (where all_plays.is_play_completed), 0) as bigint)
            as ms_completed,
        cast(count(*) filter (where all_plays.is_counted and all_plays.time_grade = 'exact') as integer) as plays_exact,
        cast(count(*) filter (where all_plays.is_counted and all_plays.is_assumed) as integer) as plays_assumed,
        cast(count(*) filter (where not all_plays.is_assumed) as integer) as starts,
        cast(count(*) filter (where not all_plays.is_assumed and all_plays.is_skip) as integer) as skips,
        cast(count(*) filter (where not all_plays.is_assumed and all_plays.is_play_completed) as integer)
            as starts_completed
    from all_plays
    group by all
)

select * from final
order by date_key, recording_key, album_key, artist_key, listener_id
