with

listening_totals as (
    select * from {{ ref('fct_listening_totals') }}
),

listening_days as (
    select * from {{ ref('fct_listening_days') }}
),

coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
    where not is_special_purpose
),

asked as (
    select
        listener_id,
        artist_key,
        starts,
        skips,
        starts_completed
    from listening_totals
    where {{ is_all_time() }} and {{ is_asked_listener() }}
    union all
    select
        listener_id,
        artist_key,
        starts,
        skips,
        starts_completed
    from listening_days
    where not {{ is_all_time() }} and {{ is_asked_day('date_key') }} and {{ is_asked_listener() }}
),

by_artist as (
    select
        listener_id,
        artist_key,
        cast(sum(starts) as bigint) as starts,
        cast(sum(skips) as bigint) as skips,
        cast(sum(starts_completed) as bigint) as completed
    from asked
    group by all
    having sum(starts) >= 10
),

covered as (
    {{ coverage_in_range() }}
),

final as (
    select
        artists.artist_name,
        {{ percent('by_artist.skips', 'by_artist.starts') }} as skip_rate_pct,
        by_artist.starts,
        by_artist.skips,
        by_artist.completed,
        {{ percent('by_artist.completed', 'by_artist.starts') }} as completion_rate_pct,
        by_artist.listener_id,
        covered.coverage_pct,
        covered.has_holes,
        covered.first_day,
        covered.last_day
    from by_artist
    inner join artists on by_artist.artist_key = artists.artist_key
    left join covered on by_artist.listener_id = covered.listener_id
)

select * from final
order by listener_id, skip_rate_pct desc, starts desc, artist_name
