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

heard as (
    {{ heard_in_range('recording_key') }}
),

by_decade as (
    select
        heard.listener_id,
        recordings.first_release_decade,
        count(*) as recordings,
        cast(sum(heard.plays) as bigint) as plays,
        cast(sum(heard.ms) as bigint) as ms
    from heard
    inner join recordings on heard.recording_key = recordings.recording_key
    group by all
),

totals as (
    select
        listener_id,
        sum(plays) as plays,
        coalesce(sum(plays) filter (where first_release_decade is null), 0) as plays_unknown
    from by_decade
    group by listener_id
),

covered as (
    {{ coverage_in_range() }}
),

final as (
    select
        cast(by_decade.first_release_decade as varchar) || 's' as decade,
        by_decade.plays,
        {{ minutes('by_decade.ms') }} as minutes,
        {{ percent('by_decade.plays', 'totals.plays') }} as plays_pct,
        {{ percent('totals.plays_unknown', 'totals.plays') }} as unknown_pct,
        by_decade.recordings,
        by_decade.listener_id,
        covered.coverage_pct,
        covered.has_holes,
        covered.first_day,
        covered.last_day
    from by_decade
    inner join totals on by_decade.listener_id = totals.listener_id
    left join covered on by_decade.listener_id = covered.listener_id
    where by_decade.first_release_decade is not null
)

select * from final
order by listener_id, decade
