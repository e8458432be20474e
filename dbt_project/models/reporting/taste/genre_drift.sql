with

by_artist as (
    select
        listener_id,
        artist_key,
        cast(date_trunc('month', date_key) as date) as month,
        sum(plays) as plays
    from {{ ref('fct_artist_days') }}
    group by all
),

by_genre as (
    select
        p.listener_id,
        p.month,
        g.genre_name,
        cast(sum(p.plays * cast(round(1000000 * b.weight) as bigint)) as bigint) as millionths
    from by_artist as p
    inner join {{ ref('bridge_artist_genres') }} as b on p.artist_key = b.artist_key
    inner join {{ ref('dim_genre') }} as g on b.genre_key = g.genre_key
    where g.genre_key <> 'unknown'
    group by all
),

year_before as (
    select
        listener_id,
        cast(month + to_months(cast(unnest(range(1, 13)) as integer)) as date) as month,
        genre_name,
        millionths
    from by_genre
),

-- Shares of a month and of the twelve before it, genre by genre.
both_spans as (
    select
        *,
        millionths as plays_now,
        0 as plays_before
    from by_genre
    union all by name
    select
        *,
        0 as plays_now,
        millionths as plays_before
    from year_before
),

compared as (
    select
        listener_id,
        month,
        genre_name,
        sum(plays_now) as plays_now,
        sum(plays_before) as plays_before
    from both_spans
    group by all
),

shares as (
    select
        *,
        plays_now / sum(plays_now) over one_month as share_now,
        plays_before / sum(plays_before) over one_month as share_before,
        sum(plays_now) over one_month as plays_now_all,
        sum(plays_before) over one_month as plays_before_all
    from compared
    window one_month as (partition by listener_id, month)
),

drift as (
    select
        listener_id,
        month,
        any_value(plays_now_all) as plays_with_genre,
        any_value(plays_before_all) as plays_with_genre_before,
        sum(
            if(share_now > 0, share_now * log2(2 * share_now / (share_now + share_before)), 0)
            + if(share_before > 0, share_before * log2(2 * share_before / (share_now + share_before)), 0)
        ) / 2 as divergence,
        arg_max(genre_name, (share_now - share_before, genre_name)) as grew_most,
        arg_min(genre_name, (share_now - share_before, genre_name)) as shrank_most
    from shares
    where plays_now_all >= 50 * 1000000 and plays_before_all >= 50 * 1000000
    group by all
),

final as (
    select
        'month' as period_type,
        d.month as period_start,
        round(greatest(d.divergence, 0), 4) as drift,
        d.grew_most,
        d.shrank_most,
        round(d.plays_with_genre / 1000000, 1) as plays_with_genre,
        round(d.plays_with_genre_before / 1000000, 1) as plays_with_genre_before,
        {{ coverage_columns('c') }},
        d.listener_id
    from drift as d
    inner join {{ ref('completeness') }} as c
        on d.listener_id = c.listener_id and c.period_type = 'month' and d.month = c.period_start
)

select * from final
order by period_start desc, listener_id
