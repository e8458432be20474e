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

named as (
    select
        heard.*,
        recordings.recording_name as track_name,
        recordings.artist_name,
        recordings.recording_key = 0 as is_unknown
    from heard
    inner join recordings on heard.recording_key = recordings.recording_key
),

totals as (
    select
        listener_id,
        sum(plays) as plays,
        sum(ms) as ms,
        coalesce(sum(plays) filter (where is_unknown), 0) as plays_unknown
    from named
    group by listener_id
),

ranked as (
    select
        *,
        row_number() over (partition by listener_id order by {{ ranking_order('recording_key') }}) as rank
    from named
    where not is_unknown
    qualify {{ is_asked_rank() }}
),

covered as (
    {{ coverage_in_range() }}
),

final as (
    select
        ranked.track_name,
        ranked.artist_name,
        ranked.plays,
        {{ minutes('ranked.ms') }} as minutes,
        ranked.rank,
        {{ percent('ranked.plays', 'totals.plays') }} as plays_pct,
        {{ percent('ranked.ms', 'totals.ms') }} as minutes_pct,
        {{ percent('totals.plays_unknown', 'totals.plays') }} as unknown_pct,
        ranked.listener_id,
        covered.coverage_pct,
        covered.has_holes,
        covered.first_day,
        covered.last_day
    from ranked
    inner join totals on ranked.listener_id = totals.listener_id
    left join covered on ranked.listener_id = covered.listener_id
)

select * from final
order by listener_id, rank
