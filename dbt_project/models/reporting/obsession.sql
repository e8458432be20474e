{{ config(materialized='table') }}
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

-- A week with ten plays is only sought where there are ten plays at all.
played_enough as (
    select
        listener_id,
        artist_key
    from heard
    where artist_key <> 'unknown'
    group by all
    having sum(plays) >= 10
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

-- The best seven days of an artist end on a day on which the artist was played.
windows as (
    select
        h.listener_id,
        h.artist_key,
        h.day,
        sum(h.plays) over week_before as plays,
        sum(h.ms) over week_before as ms
    from heard as h
    semi join played_enough as e on h.listener_id = e.listener_id and h.artist_key = e.artist_key
    window week_before as (
        partition by h.listener_id, h.artist_key order by h.day range between interval 6 days preceding and current row
    )
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
