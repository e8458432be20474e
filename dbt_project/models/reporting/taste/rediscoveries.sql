with

heard as (
    select * from {{ ref('fct_artist_days') }}
    where artist_key <> 'unknown'
),

returned as (
    select
        listener_id,
        artist_key,
        date_key as returned_on,
        previous_date_key as last_heard_on,
        cast(date_key - previous_date_key as integer) as gap_days
    from heard
    where date_key - previous_date_key >= 180
),

since as (
    select
        r.*,
        sum(h.plays) as plays,
        sum(h.ms_played) as ms
    from returned as r
    inner join heard as h
        on
            r.listener_id = h.listener_id
            and r.artist_key = h.artist_key
            and h.date_key between r.returned_on and r.returned_on + 29
    group by all
),

final as (
    select
        a.artist_name,
        s.returned_on,
        s.last_heard_on,
        s.gap_days,
        s.plays as plays_next_30_days,
        {{ minutes('s.ms') }} as minutes_next_30_days,
        {{ coverage_columns('c') }},
        s.artist_key,
        s.listener_id
    from since as s
    inner join {{ ref('dim_artist') }} as a on s.artist_key = a.artist_key
    inner join {{ coverage_between('since', 'last_heard_on + 1', 'returned_on - 1') }} as c
        on s.listener_id = c.listener_id and c.first_day = s.last_heard_on + 1 and c.last_day = s.returned_on - 1
)

select * from final
order by returned_on desc, plays_next_30_days desc, artist_key
