with

listening_days as (
    select * from {{ ref('fct_listening_days') }}
),

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

listening_totals as (
    select * from {{ ref('fct_listening_totals') }}
),

periods as (
    select * from {{ ref('fct_periods') }}
    where period_type = 'year'
),

artists as (
    select
        artist_key,
        is_special_purpose
    from {{ ref('dim_artist') }}
),

{{ listening_by('year') }},

final as (
    select
        periods.period_start as year_start,
        coalesce(heard.plays, 0) as plays,
        {{ minutes('coalesce(heard.ms, 0)') }} as minutes,
        coalesce(found.new_artists, 0) as new_artists,
        coalesce(found_tracks.new_tracks, 0) as new_tracks,
        periods.listener_id,
        periods.coverage_pct,
        periods.has_holes,
        periods.is_complete_period
    from periods
    left join heard on periods.listener_id = heard.listener_id and periods.period_start = heard.period_start
    left join found on periods.listener_id = found.listener_id and periods.period_start = found.period_start
    left join found_tracks
        on periods.listener_id = found_tracks.listener_id and periods.period_start = found_tracks.period_start
)

select * from final
order by listener_id, year_start desc
