with

top_artists as (
    select * from {{ ref('top_artists') }}
),

-- Whoever came after the unknown artist moves up by one; ranks that were cut off stay holes.
ranked as (
    select
        *,
        rank - count(*) filter (where artist_key = 'unknown') over by_rank as rank_of_known
    from top_artists
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
        this_month.*,
        month_before.rank as rank_before,
        month_before.plays as plays_before,
        month_before.rank - this_month.rank as ranks_gained
    from months as this_month
    inner join months as month_before
        on
            this_month.listener_id = month_before.listener_id
            and this_month.artist_key = month_before.artist_key
            and month_before.period_start = this_month.period_start - interval 1 month
    where (this_month.plays >= 5 or month_before.plays >= 5) and month_before.rank <> this_month.rank
    qualify row_number() over (
        partition by this_month.listener_id, this_month.period_start, this_month.rank < month_before.rank
        order by abs(month_before.rank - this_month.rank) desc, this_month.plays desc, this_month.artist_key
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
