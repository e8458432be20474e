{%- set sums = {'starts': 'sum(d.starts)', 'skips': 'sum(d.skips)', 'completed': 'sum(d.completed)'} %}
{%- set counts %}
        count(*) as starts,
        count(*) filter (where is_skip) as skips,
        count(*) filter (where is_play_completed) as completed
    from {{ ref('fct_plays') }}
    where not is_assumed and not is_excluded
    group by all
{%- endset %}
with

all_time as (
    select
        listener_id,
        period_start
    from {{ ref('completeness') }}
    where period_type = 'all_time'
),

-- Only exports tell how long a play was. One without a reason counts as a start: else only short ones were left of them.
by_day as (
    select
        listener_id,
        date_key as day,
        {{- counts }}
),

by_artist_year as (
    select
        listener_id,
        artist_key,
        cast(date_trunc('year', date_key) as date) as day,
        {{- counts }}
),

overall as (
    {{ in_periods('by_day', [], sums, ['week', 'month', 'year', 'all_time']) }}
),

by_artist as (
    {{ in_periods('by_artist_year', ['artist_key'], sums, ['year', 'all_time']) }}
),

scoped as (
    select
        'overall' as scope,
        'overall' as name,
        *,
        'overall' as artist_key
    from overall
    union all by name
    select
        'artist' as scope,
        a.artist_name as name,
        b.*
    from by_artist as b
    inner join {{ ref('dim_artist') }} as a on b.artist_key = a.artist_key
    where b.starts >= 10
),

final as (
    select
        b.scope,
        b.name,
        b.period_type,
        b.period_start,
        cast(b.starts as bigint) as starts,
        cast(b.skips as bigint) as skips,
        {{ percent('b.skips', 'b.starts') }} as skip_rate_pct,
        cast(b.completed as bigint) as completed,
        {{ percent('b.completed', 'b.starts') }} as completion_rate_pct,
        {{ coverage_columns('c') }},
        b.artist_key,
        b.listener_id
    from scoped as b
    inner join {{ ref('completeness') }} as c
        on b.listener_id = c.listener_id and b.period_type = c.period_type and b.period_start = c.period_start
)

select * from final
order by scope = 'overall' desc, {{ period_order() }}, starts desc, artist_key
