with

days as (
    select
        listener_id,
        period_start as day,
        plays,
        lead(period_start) over (partition by listener_id order by period_start) as next_day
    from {{ ref('completeness') }}
    where period_type = 'day' and plays > 0
),

-- Every silence of three days and more overall, and the longest of each artist with at least ten plays.
silences as (
    select
        listener_id,
        'overall' as scope,
        'overall' as name_key,
        day as silent_from,
        next_day as silent_until
    from days
    where next_day - day >= 3
),

by_artist as (
    select
        listener_id,
        artist_key,
        sum(plays) as plays,
        max(date_key) as last_heard_on,
        arg_max(date_key, (next_date_key - date_key, -(date_key - date '1970-01-01')))
        filter (where next_date_key is not null) as silent_from,
        max(next_date_key - date_key) as gap_days
    from {{ ref('fct_artist_days') }}
    where artist_key <> 'unknown'
    group by all
    having sum(plays) >= 10 and max(next_date_key - date_key) is not null
),

chosen as (
    select
        s.*,
        cast(s.silent_until - s.silent_from as integer) as gap_days,
        (
            select max(d.day) from days as d
            where d.listener_id = s.listener_id
        ) as last_heard_on,
        (
            select sum(d.plays) from days as d
            where d.listener_id = s.listener_id
        ) as plays
    from silences as s
    union all by name
    select
        listener_id,
        'artist' as scope,
        artist_key as name_key,
        silent_from,
        silent_from + cast(gap_days as integer) as silent_until,
        cast(gap_days as integer) as gap_days,
        last_heard_on,
        plays
    from by_artist
),

final as (
    select
        g.scope,
        coalesce(a.artist_name, 'overall') as name,
        g.gap_days,
        g.silent_from,
        g.silent_until,
        cast(l.last_day - g.last_heard_on as integer) as days_since_last_play,
        g.plays,
        {{ coverage_columns('c') }},
        g.name_key,
        g.listener_id
    from chosen as g
    left join {{ ref('dim_artist') }} as a on if(g.scope = 'artist', g.name_key, null) = a.artist_key
    inner join {{ ref('completeness') }} as l on g.listener_id = l.listener_id and l.period_type = 'all_time'
    inner join {{ coverage_between('chosen', 'silent_from + 1', 'silent_until - 1') }} as c
        on g.listener_id = c.listener_id and c.first_day = g.silent_from + 1 and c.last_day = g.silent_until - 1
)

select * from final
order by scope = 'overall' desc, gap_days desc, silent_from desc, name_key
