{{ config(materialized='table') }}
with

artist_days as (
    select * from {{ ref('fct_artist_days') }}
    where artist_key <> 'unknown'
),

plays as (
    select
        listener_id,
        recording_key,
        date_key,
        ms_played
    from {{ ref('fct_plays') }}
    where {{ is_counted() }} and recording_key <> 'unknown'
),

all_artists as (
    select * from {{ ref('dim_artist') }}
),

recordings as (
    select * from {{ ref('dim_recording') }}
),

completeness as not materialized (
    select * from {{ ref('completeness') }}
),

artists as (
    select
        listener_id,
        'artist' as kind,
        artist_key as name_key,
        any_value(first_date_key) as discovered_on,
        max(date_key) as last_heard_on,
        sum(plays) as plays,
        sum(ms_played) as ms,
        sum(plays) filter (where date_key < first_date_key + 30) as plays_first_30_days
    from artist_days
    group by listener_id, artist_key
),

first_days as (
    select
        listener_id,
        recording_key,
        min(date_key) as discovered_on
    from plays
    group by all
),

tracks as (
    select
        plays.listener_id,
        'track' as kind,
        plays.recording_key as name_key,
        first_days.discovered_on,
        max(plays.date_key) as last_heard_on,
        count(*) as plays,
        sum(plays.ms_played) as ms,
        count(*) filter (where plays.date_key < first_days.discovered_on + 30) as plays_first_30_days
    from plays
    inner join first_days
        on plays.listener_id = first_days.listener_id and plays.recording_key = first_days.recording_key
    group by plays.listener_id, plays.recording_key, first_days.discovered_on
),

discovered as (
    select * from artists
    union all
    select * from tracks
),

final as (
    select
        discovered.kind,
        coalesce(recordings.recording_name, all_artists.artist_name) as name,
        coalesce(recordings.artist_name, all_artists.artist_name) as artist_name,
        discovered.discovered_on,
        discovered.plays > 3 and discovered.last_heard_on > discovered.discovered_on as is_kept,
        cast(discovered.plays as bigint) as plays,
        {{ minutes('discovered.ms') }} as minutes,
        cast(discovered.plays_first_30_days as bigint) as plays_first_30_days,
        discovered.last_heard_on,
        discovered.discovered_on < all_time.period_start + 90 as is_warm_up,
        {{ coverage_columns('months') }},
        discovered.name_key,
        discovered.listener_id
    from discovered
    -- A condition on one side alone would make DuckDB compare every row with every name.
    left join all_artists on if(discovered.kind = 'artist', discovered.name_key, null) = all_artists.artist_key
    left join recordings on if(discovered.kind = 'track', discovered.name_key, null) = recordings.recording_key
    inner join completeness as all_time
        on discovered.listener_id = all_time.listener_id and all_time.period_type = 'all_time'
    inner join completeness as months
        on
            discovered.listener_id = months.listener_id
            and months.period_type = 'month'
            and months.period_start = date_trunc('month', discovered.discovered_on)
)

select * from final
order by discovered_on desc, plays desc, kind, name_key
