{{ config(materialized='table') }}
with

numbered as (
    select
        listener_id,
        recording_key,
        date_key,
        local_started_at,
        ms_played,
        row_number() over (partition by listener_id order by started_at, play_key)
        - row_number() over (partition by listener_id, recording_key order by started_at, play_key) as run
    from {{ counted_plays() }}
    where recording_key <> 'unknown'
),

runs as (
    select
        listener_id,
        recording_key,
        min(local_started_at) as started_at,
        min(date_key) as started_on,
        count(*) as times,
        sum(ms_played) as ms
    from numbered
    group by listener_id, recording_key, run
    having count(*) >= 2
),

final as (
    select
        r.times,
        t.recording_name as track_name,
        t.artist_name,
        r.started_at,
        r.started_on,
        {{ minutes('r.ms') }} as minutes,
        {{ coverage_columns('c') }},
        r.recording_key,
        r.listener_id
    from runs as r
    inner join {{ ref('dim_recording') }} as t on t.recording_key = r.recording_key
    inner join {{ ref('completeness') }} as c
        on c.listener_id = r.listener_id and c.period_type = 'day' and c.period_start = r.started_on
)

select * from final
order by times desc, started_at desc, recording_key
