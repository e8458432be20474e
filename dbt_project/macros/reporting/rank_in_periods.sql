{#-
  The CTEs that rank one kind of thing in every period, by plays and by minutes. The last one is `ranked`: one row per
  period and thing, with period_id, id, plays, ms, rank and rank_by_minutes; `periods` has the periods by period_id.

  Needs the import CTE `completeness` and the CTE `days` (listener_id, day, id, plays, ms), where `id` is a small number
  that sorts like the key of the thing. Periods are numbered, too, in the order of the report. Grouping and ranking
  millions of rows by numbers takes a fifth of the time that keys and dates take. Days and weeks are cut after
  `top_of_days` ranks, months and years after `top_of_months`; all_time is whole.
-#}
{% macro rank_in_periods() -%}
{%- set last_ranks = {
    'day': var('top_of_days'), 'week': var('top_of_days'), 'month': var('top_of_months'), 'year': var('top_of_months'),
    'all_time': 2147483647,
} -%}
periods as (
    select
        listener_id,
        period_type,
        period_start,
        plays,
        coverage_pct,
        is_lower_bound,
        cast(row_number() over (order by listener_id, {{ period_order() }}) as integer) as period_id
    from completeness
),

calendar as (
    select
        day.listener_id,
        day.period_start as day
        {%- for period_type in last_ranks %},
        {{ period_type }}.period_id as {{ period_type }}_id
        {%- endfor %}
    from periods as day
    {%- for period_type in last_ranks if period_type != 'day' %}
    inner join periods as {{ period_type }}
        on {{ period_type }}.listener_id = day.listener_id
        and {{ period_type }}.period_type = '{{ period_type }}'
        {%- if period_type != 'all_time' %}
        and {{ period_type }}.period_start = {{ period_start(period_type, 'day.period_start') }}
        {%- endif %}
    {%- endfor %}
    where day.period_type = 'day'
),

dated as (
    select
        calendar.* exclude (listener_id, day),
        days.id,
        cast(days.plays as bigint) as plays,
        cast(days.ms as bigint) as ms
    from days
    inner join calendar on days.listener_id = calendar.listener_id and days.day = calendar.day
),

in_periods as (
    {%- for period_type in last_ranks %}
    select
        {{ period_type }}_id as period_id,
        id,
        {{ last_ranks[period_type] }} as last_rank,
        {% if period_type == 'day' -%}
        plays,
        ms
    from dated
        {%- else -%}
        cast(sum(plays) as bigint) as plays,
        cast(sum(ms) as bigint) as ms
    from dated
    group by all
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

ranked as (
    select
        *,
        row_number() over (partition by period_id order by plays desc, ms desc, id) as rank,
        row_number() over (partition by period_id order by ms desc, plays desc, id) as rank_by_minutes
    from in_periods
    qualify rank <= last_rank or rank_by_minutes <= last_rank
)
{%- endmacro %}
