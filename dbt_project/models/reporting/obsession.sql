{{ config(materialized='table') }}
with

heard as (
    select listener_id, artist_key, date_key as day, plays, ms_played as ms from {{ ref('fct_artist_days') }}
),

-- A week with ten plays is only sought where there are ten plays at all.
played_enough as (
    select listener_id, artist_key from heard where artist_key <> 'unknown' group by all having sum(plays) >= 10
),

totals as (
    select
        c.listener_id,
        c.period_start as day,
        sum(coalesce(t.ms, 0)) over week_before as ms,
        round(avg(c.coverage_pct) over week_before, 1) as coverage_pct,
        bool_or(c.is_lower_bound) over week_before as is_lower_bound
    from {{ ref('completeness') }} as c
    left join (select listener_id, day, sum(ms) as ms from heard group by all) as t
        on t.listener_id = c.listener_id and t.day = c.period_start
    where c.period_type = 'day'
    window week_before as (
        partition by c.listener_id order by c.period_start range between interval 6 days preceding and current row
    )
),

-- The best seven days of an artist end on a day on which the artist was played.
windows as (
    select
        listener_id,
        artist_key,
        day,
        sum(plays) over week_before as plays,
        sum(ms) over week_before as ms
    from heard
    semi join played_enough using (listener_id, artist_key)
    window week_before as (
        partition by listener_id, artist_key order by day range between interval 6 days preceding and current row
    )
),

best as (
    select w.*, t.ms as ms_all, t.coverage_pct, t.is_lower_bound
    from windows as w
    inner join totals as t on t.listener_id = w.listener_id and t.day = w.day
    where w.plays >= 10 and w.ms > 0
    qualify row_number() over (
        partition by w.listener_id, w.artist_key order by w.ms / t.ms desc, w.plays desc, w.day
    ) = 1
),

final as (
    select
        row_number() over (partition by b.listener_id order by b.ms / b.ms_all desc, b.ms desc, b.artist_key) as rank,
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
    inner join {{ ref('dim_artist') }} as a on a.artist_key = b.artist_key
)

select * from final
order by listener_id, rank
