{{ config(materialized='table') }}
with

plays as (
    select * from {{ ref('fct_plays') }}
    where is_counted
),

artists as (
    select * from {{ ref('dim_artist') }}
    where not is_special_purpose
),

credits as (
    select * from {{ ref('bridge_track_artists') }}
),

by_track as (
    select
        listener_id,
        track_key,
        count(*) as plays,
        sum(ms_played) as ms
    from plays
    group by all
),

-- Once for each artist, also where a track names one twice.
credited as (
    select
        track_key,
        artist_key,
        min(credit_position) as credit_position
    from credits
    group by all
),

by_artist as (
    select
        by_track.listener_id,
        credited.artist_key,
        sum(by_track.plays) as plays,
        sum(by_track.plays) filter (where credited.credit_position > 1) as plays_as_guest,
        sum(by_track.ms) as ms
    from by_track
    inner join credited on by_track.track_key = credited.track_key
    group by all
),

final as (
    select
        artists.artist_name,
        cast(by_artist.plays as bigint) as plays_credited,
        cast(coalesce(by_artist.plays_as_guest, 0) as bigint) as plays_as_guest,
        cast(by_artist.plays - coalesce(by_artist.plays_as_guest, 0) as bigint) as plays_as_primary,
        {{ minutes('by_artist.ms') }} as minutes_credited,
        row_number() over (
            partition by by_artist.listener_id order by by_artist.plays desc, by_artist.ms desc, artists.artist_key
        ) as rank,
        by_artist.listener_id
    from by_artist
    inner join artists on by_artist.artist_key = artists.artist_key
)

select * from final
order by listener_id, rank
