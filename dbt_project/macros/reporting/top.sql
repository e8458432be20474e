{#-
  The ranking of one kind of thing in every period, by plays and by minutes.

  `days` is the SQL of a query with listener_id, day, id, plays and ms, which joins the CTE `ids`: the key, and a small
  number that sorts like it. Periods are numbered, too, in the order of the report. Grouping and ranking millions of rows
  by numbers takes a fifth of the time that keys and dates take. Days and weeks are cut after `top_of_days` ranks, months
  and years after `top_of_months`; all_time is whole. `names` is a dict of column to expression over the alias `n` of
  `dimension`; where plays are shared out, `unit` says how many parts a play has (whole numbers: their sums do not
  depend on the order).
-#}
{% macro top(key, days, dimension, names, unit=1) -%}
{%- set last_ranks = {
    'day': var('top_of_days'), 'week': var('top_of_days'), 'month': var('top_of_months'), 'year': var('top_of_months'),
    'all_time': 2147483647,
} -%}
with

periods as (
    select
        listener_id,
        period_type,
        period_start,
        plays,
        coverage_pct,
        is_lower_bound,
        cast(row_number() over (order by listener_id, {{ period_order() }}) as integer) as period_id
    from {{ ref('completeness') }}
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

ids as (
    select {{ key }}, cast(row_number() over (order by {{ key }}) as integer) as id from {{ dimension }}
),

days as (
    {{ days }}
),

dated as (
    select
        c.* exclude (listener_id, day),
        d.id,
        cast(d.plays as bigint) as plays,
        cast(d.ms as bigint) as ms
    from days as d
    inner join calendar as c on c.listener_id = d.listener_id and c.day = d.day
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
),

final as (
    select
        p.period_type,
        p.period_start,
        r.rank,
        {% for column, expression in names.items() -%}
        {{ expression }} as {{ column }},
        {% endfor -%}
        {{ 'r.plays' if unit == 1 else 'round(r.plays / ' ~ unit ~ ', 2)' }} as plays,
        {{ minutes('r.ms / ' ~ unit) }} as minutes,
        {{ percent('r.plays / ' ~ unit, 'p.plays') }} as plays_pct,
        r.rank_by_minutes,
        {{ coverage_columns('p') }},
        i.{{ key }},
        p.listener_id,
        r.period_id
    from ranked as r
    inner join periods as p on p.period_id = r.period_id
    inner join ids as i on i.id = r.id
    inner join {{ dimension }} as n on n.{{ key }} = i.{{ key }}
)

select * exclude (period_id) from final
order by period_id, rank
{%- endmacro %}

{#- The plays that count, each with the id of its `key`, summed to days. -#}
{% macro days_of(key) -%}
    select p.listener_id, p.date_key as day, i.id, count(*) as plays, sum(p.ms_played) as ms
    from {{ counted_plays() }} as p
    inner join ids as i on i.{{ key }} = p.{{ key }}
    group by all
{%- endmacro %}
