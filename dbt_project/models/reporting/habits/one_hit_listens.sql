with

once as (
    select
        listener_id,
        recording_key,
        any_value(artist_key) as artist_key,
        any_value(album_key) as album_key,
        any_value(date_key) as played_on,
        any_value(ms_played) as ms
    from {{ counted_plays() }}
    where recording_key <> 'unknown'
    group by listener_id, recording_key
    having count(*) = 1
),

final as (
    select
        r.recording_name as track_name,
        a.artist_name,
        al.album_name,
        o.played_on,
        {{ minutes('o.ms') }} as minutes,
        {{ coverage_columns('c') }},
        o.recording_key,
        o.listener_id
    from once as o
    inner join {{ ref('completeness') }} as c on o.listener_id = c.listener_id and c.period_type = 'all_time'
    inner join {{ ref('dim_recording') }} as r on o.recording_key = r.recording_key
    inner join {{ ref('dim_artist') }} as a on o.artist_key = a.artist_key
    inner join {{ ref('dim_album') }} as al on o.album_key = al.album_key
    where o.played_on <= c.last_day - 30
)

select * from final
order by played_on desc, recording_key
