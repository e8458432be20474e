with

listening_totals as (
    select * from {{ ref('fct_listening_totals') }}
),

all_time as (
    select * from {{ ref('fct_periods') }}
    where period_type = 'all_time'
),

recordings as (
    select * from {{ ref('dim_recording') }}
    where recording_key <> 0
),

artists as (
    select * from {{ ref('dim_artist') }}
),

albums as (
    select * from {{ ref('dim_album') }}
),

once as (
    select
        listener_id,
        recording_key,
        max(artist_key) as artist_key,
        max(album_key) as album_key,
        max(first_date_key) as played_on,
        sum(ms_played) as ms
    from listening_totals
    where plays > 0
    group by listener_id, recording_key
    having sum(plays) = 1
),

final as (
    select
        recordings.recording_name as track_name,
        artists.artist_name,
        once.played_on,
        {{ minutes('once.ms') }} as minutes,
        albums.album_name,
        once.listener_id,
        all_time.coverage_pct,
        all_time.has_holes
    from once
    inner join all_time on once.listener_id = all_time.listener_id
    inner join recordings on once.recording_key = recordings.recording_key
    inner join artists on once.artist_key = artists.artist_key
    inner join albums on once.album_key = albums.album_key
    where once.played_on <= all_time.last_day - 30
)

select * from final
order by listener_id, played_on desc, track_name
