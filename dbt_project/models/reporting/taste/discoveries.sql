with

artist_days as (
    select * from {{ ref('fct_artist_days') }}
    where artist_key <> 'unknown'
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

plays as (
    select
        listener_id,
        recording_key,
        date_key,
        ms_played
    from {{ counted_plays() }}
    where recording_key <> 'unknown'
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
        p.listener_id,
        'track' as kind,
        p.recording_key as name_key,
        f.discovered_on,
        max(p.date_key) as last_heard_on,
        count(*) as plays,
        sum(p.ms_played) as ms,
        count(*) filter (where p.date_key < f.discovered_on + 30) as plays_first_30_days
    from plays as p
    inner join first_days as f on p.listener_id = f.listener_id and p.recording_key = f.recording_key
    group by p.listener_id, p.recording_key, f.discovered_on
),

discovered as (
    select * from artists
    union all
    select * from tracks
),

final as (
    select
        d.kind,
        coalesce(r.recording_name, a.artist_name) as name,
        coalesce(r.artist_name, a.artist_name) as artist_name,
        d.discovered_on,
        d.plays > 3 and d.last_heard_on > d.discovered_on as is_kept,
        cast(d.plays as bigint) as plays,
        {{ minutes('d.ms') }} as minutes,
        cast(d.plays_first_30_days as bigint) as plays_first_30_days,
        d.last_heard_on,
        d.discovered_on < l.period_start + 90 as is_warm_up,
        {{ coverage_columns('c') }},
        d.name_key,
        d.listener_id
    from discovered as d
    -- A condition on one side alone would make DuckDB compare every row with every name.
    left join {{ ref('dim_artist') }} as a on if(d.kind = 'artist', d.name_key, null) = a.artist_key
    left join {{ ref('dim_recording') }} as r on if(d.kind = 'track', d.name_key, null) = r.recording_key
    inner join {{ ref('completeness') }} as l on d.listener_id = l.listener_id and l.period_type = 'all_time'
    inner join {{ ref('completeness') }} as c
        on
            d.listener_id = c.listener_id
            and c.period_type = 'month'
            and c.period_start = date_trunc('month', d.discovered_on)
)

select * from final
order by discovered_on desc, plays desc, kind, name_key
