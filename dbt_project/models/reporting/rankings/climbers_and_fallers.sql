with

-- Whoever came after the unknown artist moves up by one; ranks that were cut off stay holes.
ranked as (
    select
        *,
        rank - count(*) filter (where artist_key = 'unknown') over by_rank as rank_of_known
    from {{ ref('top_artists') }}
    where period_type = 'month'
    window by_rank as (partition by listener_id, period_start order by rank)
),

months as (
    select
        listener_id,
        period_start,
        artist_key,
        artist_name,
        rank_of_known as rank,
        plays,
        coverage_pct,
        is_lower_bound
    from ranked
    where artist_key <> 'unknown'
),

moved as (
    select
        n.*,
        b.rank as rank_before,
        b.plays as plays_before,
        b.rank - n.rank as ranks_gained
    from months as n
    inner join months as b
        on
            n.listener_id = b.listener_id
            and n.artist_key = b.artist_key
            and b.period_start = n.period_start - interval 1 month
    where (n.plays >= 5 or b.plays >= 5) and b.rank <> n.rank
    qualify row_number() over (
        partition by n.listener_id, n.period_start, n.rank < b.rank
        order by abs(b.rank - n.rank) desc, n.plays desc, n.artist_key
    ) <= 25
),

final as (
    select
        'month' as period_type,
        period_start,
        if(ranks_gained > 0, 'climber', 'faller') as direction,
        artist_name,
        ranks_gained,
        rank,
        rank_before,
        plays,
        plays_before,
        coverage_pct,
        is_lower_bound,
        artist_key,
        listener_id
    from moved
)

select * from final
order by period_start desc, direction, abs(ranks_gained) desc, artist_key
