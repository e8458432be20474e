with

listening_days as (
    select * from {{ ref('fct_listening_days') }}
),

coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
),

recordings as (
    select * from {{ ref('dim_recording') }}
),

albums as (
    select * from {{ ref('dim_album') }}
),

names as (
    {{ names_of_kind() }}
),

asked as (
    select
        listener_id,
        {{ asked_period_start('date_key') }} as period_start,
        {{ number_of_kind() }} as number,
        {{ plays_by_rule() }} as plays,
        {{ ms_by_rule() }} as ms
    from listening_days
    where {{ is_asked_day('date_key') }} and {{ is_asked_listener() }}
),

heard as (
    select
        listener_id,
        period_start,
        number,
        cast(sum(plays) as bigint) as plays,
        cast(sum(ms) as bigint) as ms
    from asked
    group by all
    having sum(plays) > 0
),

known as (
    select
        heard.*,
        names.title,
        names.artist_name
    from heard
    inner join names on heard.number = names.number
    where not names.is_unknown
),

ranked as (
    select
        *,
        row_number() over (partition by listener_id, period_start order by {{ ranking_order('number') }}) as rank
    from known
),

covered as (
    select
        listener_id,
        {{ asked_period_start('date_key') }} as period_start,
        {{ percent('sum(covered_minutes)', 'sum(known_minutes)') }} as coverage_pct,
        bool_or(has_holes) as has_holes
    from coverage
    where {{ is_asked_day('date_key') }} and {{ is_asked_listener() }}
    group by all
),

final as (
    select
        ranked.title as name,
        ranked.rank,
        ranked.plays,
        {{ minutes('ranked.ms') }} as minutes,
        ranked.artist_name,
        ranked.listener_id,
        covered.coverage_pct,
        covered.has_holes,
        ranked.period_start
    from ranked
    left join covered on ranked.listener_id = covered.listener_id and ranked.period_start = covered.period_start
    where
        {{ is_asked_rank('ranked.rank') }}
        and ({{ parameter('name') }} is null or lower(ranked.title) = lower({{ parameter('name') }}))
)

select * from final
order by listener_id, period_start desc, rank
