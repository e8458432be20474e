with

heard as (
    select
        listener_id,
        artist_key,
        date_key as day,
        plays,
        ms_played as ms
    from {{ ref('fct_artist_days') }}
),

-- Only days with ten plays of the artist within six days of them can be part of seven days with ten.
played_enough as (
    select *
    from heard
    where artist_key <> 'unknown'
    qualify sum(plays) over (
        partition by listener_id, artist_key order by day
        range between interval 6 days preceding and interval 6 days following
    ) >= 10
),

daily as (
    select
        listener_id,
        day,
        sum(ms) as ms
    from heard
    group by all
),

totals as (
    select
        c.listener_id,
        c.period_start as day,
        sum(coalesce(t.ms, 0)) over week_before as ms,
        round(avg(c.coverage_pct) over week_before, 1) as coverage_pct,
        bool_or(c.is_lower_bound) over week_before as is_lower_bound
    from {{ ref('completeness') }} as c
    left join daily as t on c.listener_id = t.listener_id and c.period_start = t.day
    where c.period_type = 'day'
    window week_before as (
        partition by c.listener_id order by c.period_start range between interval 6 days preceding and current row
    )
),

-- Each day counts in the seven days that end on it or up to six days later: the share may be greatest when the plays of
-- others have left them.
windows as (
    select
        h.listener_id,
        h.artist_key,
        h.day + cast(d.days_later as integer) as day,
        sum(h.plays) as plays,
        sum(h.ms) as ms
    from played_enough as h
    cross join range(7) as d (days_later)
    group by all
),

best as (
    select
        w.*,
        t.ms as ms_all,
        t.coverage_pct,
        t.is_lower_bound
    from windows as w
    inner join totals as t on w.listener_id = t.listener_id and w.day = t.day
    where w.plays >= 10 and w.ms > 0
    qualify row_number() over (
        partition by w.listener_id, w.artist_key order by w.ms / t.ms desc, w.plays desc, w.day
    ) = 1
),

final as (
    select
        row_number() over (
            partition by b.listener_id order by b.ms / b.ms_all desc, b.ms desc, b.artist_key
        ) as rank,
        a.artist_name,
        {{ percent('b.ms', 'b.ms_all') }} as obsession_pct,
        b.day - 6 as week_from,
        b.day as week_until,
        b.plays,
        {{ minutes('b.ms') }} as minutes,
        {{ coverage_columns('b') }},
        b.artist_key,
        b.listener_id
    from best as b
    inner join {{ ref('dim_artist') }} as a on b.artist_key = a.artist_key
)

select * from final
order by listener_id, rank
