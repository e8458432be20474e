-- Over 120 lines: two months are joined from both sides, so that who is new and who is gone is there.
{{
    config(
        materialized='table',
        meta={
            'follows': ['fct_periods', 'fct_listening_days', 'dim_artist'],
            'part': {'since': 'period_start', 'unit': 'month'},
        }
    )
}}
with

periods as (
    select * from {{ ref('fct_periods') }}
    where period_type = 'month' and is_complete_period and coverage_pct >= 50
),

listening_days as (
    select * from {{ ref('fct_listening_days') }}
    where plays > 0 and {{ is_read_for_part('date_key', months_before=1) }}
),

artists as (
    select
        artist_key,
        artist_name
    from {{ ref('dim_artist') }}
    where not is_special_purpose
),

-- Two whole months in a row, at least half covered, both.
pairs as (
    select
        periods.listener_id,
        periods.period_start as month_start,
        earlier.period_start as month_before,
        periods.coverage_pct,
        periods.has_holes
    from periods
    inner join periods as earlier
        on periods.listener_id = earlier.listener_id and earlier.period_start = periods.period_start - interval 1 month
),

heard as (
    select
        listening_days.listener_id,
        {{ period_start('month', 'listening_days.date_key') }} as month_start,
        listening_days.artist_key,
        sum(listening_days.plays) as plays,
        sum(listening_days.ms_played) as ms
    from listening_days
    semi join artists on listening_days.artist_key = artists.artist_key
    group by all
),

ranked as (
    select
        *,
        row_number() over (partition by listener_id, month_start order by plays desc, ms desc, artist_key) as rank
    from heard
),

lasts as (
    select
        listener_id,
        month_start,
        max(rank) + 1 as rank_of_absent
    from ranked
    group by all
),

in_either as (
    select
        pairs.*,
        ranked.artist_key,
        ranked.rank,
        ranked.plays,
        cast(null as bigint) as rank_before,
        cast(null as bigint) as plays_before
    from pairs
    inner join ranked on pairs.listener_id = ranked.listener_id and pairs.month_start = ranked.month_start
    union all
    select
        pairs.*,
        ranked.artist_key,
        cast(null as bigint) as rank,
        cast(null as bigint) as plays,
        ranked.rank as rank_before,
        ranked.plays as plays_before
    from pairs
    inner join ranked on pairs.listener_id = ranked.listener_id and pairs.month_before = ranked.month_start
),

-- Who was not heard in a month comes after the last who was.
joined as (
    select
        listener_id,
        month_start,
        month_before,
        coverage_pct,
        has_holes,
        artist_key,
        max(rank) as rank,
        cast(coalesce(max(plays), 0) as bigint) as plays,
        max(rank_before) as rank_before,
        cast(coalesce(max(plays_before), 0) as bigint) as plays_before
    from in_either
    group by all
    having plays >= 5 or plays_before >= 5
),

placed as (
    select
        joined.* exclude (rank, rank_before),
        coalesce(joined.rank, lasts.rank_of_absent, 1) as rank,
        coalesce(joined.rank_before, lasts_before.rank_of_absent, 1) as rank_before
    from joined
    left join lasts on joined.listener_id = lasts.listener_id and joined.month_start = lasts.month_start
    left join lasts as lasts_before
        on joined.listener_id = lasts_before.listener_id and joined.month_before = lasts_before.month_start
),

final as (
    select
        artists.artist_name,
        placed.rank_before - placed.rank as ranks_gained,
        placed.plays - placed.plays_before as plays_change,
        case
            when placed.plays_before = 0 then 'new'
            when placed.plays = 0 then 'gone'
            when placed.rank < placed.rank_before then 'climber'
            else 'faller'
        end as direction,
        placed.rank,
        placed.rank_before,
        placed.plays,
        placed.plays_before,
        placed.listener_id,
        placed.coverage_pct,
        placed.has_holes,
        placed.month_start as period_start
    from placed
    inner join artists on placed.artist_key = artists.artist_key
    where
        (placed.rank <> placed.rank_before or placed.plays = 0 or placed.plays_before = 0)
        and {{ is_read_for_part('placed.month_start') }}
)

select * from final
order by period_start desc, abs(ranks_gained) desc, plays_change desc, artist_name
