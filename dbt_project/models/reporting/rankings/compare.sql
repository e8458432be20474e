-- Over 120 lines: two spans are read, ranked, and joined from both sides.
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

known_days as (
    select
        listener_id,
        min(date_key) as first_day,
        max(date_key) as last_day
    from coverage
    group by listener_id
),

-- Nothing asked: the last whole year, and the year before it.
spans as (
    select
        listener_id,
        first_day,
        last_day,
        coalesce({{ parameter('b') }}, cast(year(last_day + 1) - 1 as varchar)) as span_b,
        coalesce({{ parameter('a') }}, cast(year(last_day + 1) - 2 as varchar)) as span_a
    from known_days
    where {{ is_asked_listener() }}
),

bounds as (
    select
        *,
        {{ first_day_of('span_a') }} as from_a,
        {{ last_day_of('span_a') }} as until_a,
        {{ first_day_of('span_b') }} as from_b,
        {{ last_day_of('span_b') }} as until_b
    from spans
),

covered as (
    select
        bounds.listener_id,
        any_value(bounds.span_a) as span_a,
        any_value(bounds.span_b) as span_b,
        any_value(
            bounds.from_a >= bounds.first_day and bounds.until_a <= bounds.last_day
            and bounds.from_b >= bounds.first_day and bounds.until_b <= bounds.last_day
        ) as are_whole,
        {{ percent(
            'sum(coverage.covered_minutes) filter (where coverage.date_key between bounds.from_a and bounds.until_a)',
            'sum(coverage.known_minutes) filter (where coverage.date_key between bounds.from_a and bounds.until_a)'
        ) }} as coverage_pct_a,
        {{ percent(
            'sum(coverage.covered_minutes) filter (where coverage.date_key between bounds.from_b and bounds.until_b)',
            'sum(coverage.known_minutes) filter (where coverage.date_key between bounds.from_b and bounds.until_b)'
        ) }} as coverage_pct_b
    from bounds
    inner join coverage on bounds.listener_id = coverage.listener_id
    group by bounds.listener_id
),

asked as (
    select
        listening_days.listener_id,
        {{ number_of_kind() }} as number,
        listening_days.date_key between bounds.from_a and bounds.until_a as is_a,
        listening_days.date_key between bounds.from_b and bounds.until_b as is_b,
        {{ plays_by_rule() }} as plays,
        {{ ms_by_rule() }} as ms
    from listening_days
    inner join bounds
        on
            listening_days.listener_id = bounds.listener_id
            and listening_days.date_key >= least(bounds.from_a, bounds.from_b)
            and listening_days.date_key <= greatest(bounds.until_a, bounds.until_b)
),

heard as (
    select
        listener_id,
        number,
        cast(coalesce(sum(plays) filter (where is_a), 0) as bigint) as plays_a,
        cast(coalesce(sum(ms) filter (where is_a), 0) as bigint) as ms_a,
        cast(coalesce(sum(plays) filter (where is_b), 0) as bigint) as plays_b,
        cast(coalesce(sum(ms) filter (where is_b), 0) as bigint) as ms_b
    from asked
    group by all
    having sum(plays) filter (where is_a or is_b) > 0
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

-- Who was not heard comes after the last who was: all of them share that rank.
lasts as (
    select
        listener_id,
        count(*) filter (where plays_a > 0) + 1 as after_a,
        count(*) filter (where plays_b > 0) + 1 as after_b
    from known
    group by listener_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by listener_id
            order by
                if({{ is_by_minutes() }}, ms_a, plays_a) desc,
                if({{ is_by_minutes() }}, plays_a, ms_a) desc,
                number
        ) as place_a,
        row_number() over (
            partition by listener_id
            order by
                if({{ is_by_minutes() }}, ms_b, plays_b) desc,
                if({{ is_by_minutes() }}, plays_b, ms_b) desc,
                number
        ) as place_b
    from known
),

placed as (
    select
        ranked.*,
        least(ranked.place_a, lasts.after_a) as rank_a,
        least(ranked.place_b, lasts.after_b) as rank_b
    from ranked
    inner join lasts on ranked.listener_id = lasts.listener_id
),

final as (
    select
        placed.title as name,
        placed.plays_b - placed.plays_a as plays_change,
        placed.plays_b,
        placed.plays_a,
        {{ minutes('placed.ms_b') }} as minutes_b,
        {{ minutes('placed.ms_a') }} as minutes_a,
        placed.rank_a - placed.rank_b as ranks_gained,
        placed.rank_b,
        placed.rank_a,
        case when placed.plays_a = 0 then 'new' when placed.plays_b = 0 then 'gone' else 'both' end as heard_in,
        placed.artist_name,
        placed.listener_id,
        covered.coverage_pct_a,
        covered.coverage_pct_b,
        covered.are_whole,
        covered.span_a,
        covered.span_b
    from placed
    inner join covered on placed.listener_id = covered.listener_id
    where {{ is_asked_rank('least(placed.rank_a, placed.rank_b)') }}
)

select * from final
order by listener_id, abs(plays_change) desc, rank_b, rank_a
