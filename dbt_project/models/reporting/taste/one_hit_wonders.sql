with

listening_totals as (
    select * from {{ ref('fct_listening_totals') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
    where not is_special_purpose
),

recordings as (
    select * from {{ ref('dim_recording') }}
    where recording_key <> 0
),

by_track as (
    select
        listener_id,
        artist_key,
        recording_key,
        cast(sum(plays) as bigint) as plays,
        sum(ms_played) as ms,
        min(first_date_key) as first_heard_on,
        max(last_date_key) as last_heard_on
    from listening_totals
    where plays > 0
    group by all
),

by_artist as (
    select
        listener_id,
        artist_key,
        any_value(recording_key) as recording_key,
        any_value(plays) as plays,
        any_value(ms) as ms,
        any_value(first_heard_on) as first_heard_on,
        any_value(last_heard_on) as last_heard_on
    from by_track
    group by listener_id, artist_key
    having count(*) = 1 and any_value(plays) >= 5
),

final as (
    select
        artists.artist_name,
        recordings.recording_name as track_name,
        by_artist.plays,
        {{ minutes('by_artist.ms') }} as minutes,
        by_artist.listener_id,
        by_artist.first_heard_on,
        by_artist.last_heard_on
    from by_artist
    inner join artists on by_artist.artist_key = artists.artist_key
    inner join recordings on by_artist.recording_key = recordings.recording_key
)

select * from final
order by listener_id, plays desc, artist_name
