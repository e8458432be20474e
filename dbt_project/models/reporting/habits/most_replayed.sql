with

ordered as (
    select
        listener_id,
        recording_key,
        ms_played,
        row_number() over in_time as place,
        lag(recording_key) over in_time = recording_key as is_repeat,
        lag(play_key) over in_time as play_before,
        lag(local_started_at) over in_time as started_before,
        lag(date_key) over in_time as day_before,
        lag(ms_played) over in_time as ms_before
    from {{ counted_plays() }}
    window in_time as (partition by listener_id order by started_at, play_key)
),

repeats as (
    select
        *,
        place - row_number() over (partition by listener_id order by place) as run
    from ordered
    where is_repeat and recording_key <> 'unknown'
),

-- The first play of a run is no repeat: it is known from the row after it.
runs as (
    select
        listener_id,
        any_value(recording_key) as recording_key,
        arg_min(play_before, place) as first_play_key,
        arg_min(started_before, place) as started_at,
        arg_min(day_before, place) as started_on,
        count(*) + 1 as times,
        sum(ms_played) + arg_min(ms_before, place) as ms
    from repeats
    group by listener_id, run
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
        r.first_play_key,
        r.listener_id
    from runs as r
    inner join {{ ref('dim_recording') }} as t on r.recording_key = t.recording_key
    inner join {{ ref('completeness') }} as c
        on r.listener_id = c.listener_id and c.period_type = 'day' and r.started_on = c.period_start
)

select * from final
order by times desc, started_at desc, first_play_key
