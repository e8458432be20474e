{{ config(materialized='table') }}
with

by_artist as (
    select listener_id, artist_key, cast(date_trunc('month', date_key) as date) as month, sum(plays) as plays
    from {{ ref('fct_artist_days') }}
    group by all
),

by_genre as (
    select p.listener_id, p.month, g.genre_name, sum(p.plays * b.weight) as plays
    from by_artist as p
    inner join {{ ref('bridge_artist_genres') }} as b on b.artist_key = p.artist_key
    inner join {{ ref('dim_genre') }} as g on g.genre_key = b.genre_key
    where g.genre_key <> 'unknown'
    group by all
),

year_before as (
    select
        listener_id,
        cast(month + to_months(cast(unnest(range(1, 13)) as integer)) as date) as month,
        genre_name,
        plays
    from by_genre
),

-- Shares of a month and of the twelve before it, genre by genre.
compared as (
    select
        listener_id,
        month,
        genre_name,
        sum(plays) filter (where is_now) as plays_now,
        sum(plays) filter (where not is_now) as plays_before
    from (
        select *, true as is_now from by_genre
        union all
        select *, false from year_before
    )
    group by all
),

shares as (
    select
        *,
        coalesce(plays_now, 0) / sum(plays_now) over one_month as share_now,
        coalesce(plays_before, 0) / sum(plays_before) over one_month as share_before,
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
            case when share_now > 0 then share_now * log2(2 * share_now / (share_now + share_before)) else 0 end
            + case when share_before > 0 then share_before * log2(2 * share_before / (share_now + share_before)) else 0 end
        ) / 2 as divergence,
        arg_max(genre_name, (share_now - share_before, genre_name)) as grew_most,
        arg_min(genre_name, (share_now - share_before, genre_name)) as shrank_most
    from shares
    where plays_now_all >= 50 and plays_before_all >= 50
    group by all
),

final as (
    select
        'month' as period_type,
        d.month as period_start,
        round(greatest(d.divergence, 0), 4) as drift,
        d.grew_most,
        d.shrank_most,
        round(d.plays_with_genre, 1) as plays_with_genre,
        round(d.plays_with_genre_before, 1) as plays_with_genre_before,
        {{ coverage_columns('c') }},
        d.listener_id
    from drift as d
    inner join {{ ref('completeness') }} as c
        on c.listener_id = d.listener_id and c.period_type = 'month' and c.period_start = d.month
)

select * from final
order by period_start desc, listener_id
