with

completeness as (
    select * from {{ ref('completeness') }}
),

albums as not materialized (
    select * from {{ ref('dim_album') }}
),

counted_plays as (
    select * from {{ ref('fct_plays') }}
    where {{ is_counted() }}
),

ids as (
    select
        album_key,
        cast(row_number() over (order by album_key) as integer) as id
    from albums
),

-- One row per listener, local day and album.
days as (
    select
        counted_plays.listener_id,
        counted_plays.date_key as day,
        ids.id,
        count(*) as plays,
        sum(counted_plays.ms_played) as ms
    from counted_plays
    inner join ids on counted_plays.album_key = ids.album_key
    group by all
),

{{ rank_in_periods() }},

final as (
    select
        periods.period_type,
        periods.period_start,
        ranked.rank,
        albums.album_name,
        albums.artist_name,
        ranked.plays,
        {{ minutes('ranked.ms') }} as minutes,
        {{ percent('ranked.plays', 'periods.plays') }} as plays_pct,
        ranked.rank_by_minutes,
        {{ coverage_columns('periods') }},
        ids.album_key,
        periods.listener_id,
        ranked.period_id
    from ranked
    inner join periods on ranked.period_id = periods.period_id
    inner join ids on ranked.id = ids.id
    inner join albums on ids.album_key = albums.album_key
)

select * exclude (period_id) from final
order by period_id, rank
