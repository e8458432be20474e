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

recordings as (
    select * from {{ ref('dim_recording') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
),

excluded_plays as (
    select * from {{ ref('fct_plays') }}
    where is_excluded
),

asked as (
    select * exclude (first_date_key, last_date_key)
    from listening_totals
    where {{ is_all_time() }} and {{ is_asked_listener() }}
    union all by name
    select * exclude (date_key)
    from listening_days
    where not {{ is_all_time() }} and {{ is_asked_day('date_key') }} and {{ is_asked_listener() }}
),

measured as (
    select
        asked.listener_id,
        sum(asked.plays) as plays,
        sum(asked.plays_any) as plays_any,
        sum(asked.plays_exact) as plays_exact,
        sum(asked.plays_assumed) as plays_assumed,
        sum(asked.plays) filter (where recordings.is_enriched) as plays_looked_up,
        sum(asked.plays) filter (where artists.country_code is not null) as plays_with_country,
        sum(asked.plays) filter (where artists.main_genre <> 'unknown') as plays_with_genre,
        sum(asked.plays) filter (where recordings.first_release_year is not null) as plays_with_release
    from asked
    inner join recordings on asked.recording_key = recordings.recording_key
    inner join artists on asked.artist_key = artists.artist_key
    group by asked.listener_id
),

left_out as (
    select
        listener_id,
        count(*) as plays_excluded
    from excluded_plays
    where {{ is_asked_day('date_key') }} and {{ is_asked_listener() }}
    group by listener_id
),

covered as (
    {{ coverage_in_range() }}
),

final as (
    select
        covered.coverage_pct,
        {{ percent('measured.plays_exact', 'measured.plays') }} as exact_pct,
        {{ percent('coalesce(measured.plays_looked_up, 0)', 'measured.plays') }} as looked_up_pct,
        {{ percent('coalesce(measured.plays_with_country, 0)', 'measured.plays') }} as country_known_pct,
        {{ percent('coalesce(measured.plays_with_genre, 0)', 'measured.plays') }} as genre_known_pct,
        {{ percent('coalesce(measured.plays_with_release, 0)', 'measured.plays') }} as release_known_pct,
        {{ percent('measured.plays_assumed', 'measured.plays') }} as assumed_pct,
        cast(coalesce(measured.plays, 0) as bigint) as plays,
        cast(coalesce(measured.plays_any, 0) as bigint) as plays_any,
        coalesce(left_out.plays_excluded, 0) as plays_excluded,
        covered.listener_id,
        covered.has_holes,
        covered.first_day,
        covered.last_day
    from covered
    left join measured on covered.listener_id = measured.listener_id
    left join left_out on covered.listener_id = left_out.listener_id
)

select * from final
order by listener_id
