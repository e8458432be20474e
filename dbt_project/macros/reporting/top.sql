{#-
  The ranking of one kind of thing in every period, by plays and by minutes. `days` is the SQL of a query with
  listener_id, day, the key, plays and ms; `names` a dict of column to expression over the alias `n` of `dimension`.
-#}
{% macro top(key, days, dimension, names, dimension_key=none) -%}
with

all_time as (
    select listener_id, period_start from {{ ref('completeness') }} where period_type = 'all_time'
),

days as (
    {{ days }}
),

in_periods as (
    {{ in_periods('days', [key], {'plays': 'sum(d.plays)', 'ms': 'sum(d.ms)'}) }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by listener_id, period_type, period_start order by plays desc, ms desc, {{ key }}
        ) as rank,
        row_number() over (
            partition by listener_id, period_type, period_start order by ms desc, plays desc, {{ key }}
        ) as rank_by_minutes
    from in_periods
),

final as (
    select
        r.period_type,
        r.period_start,
        r.rank,
        {% for column, expression in names.items() -%}
        {{ expression }} as {{ column }},
        {% endfor -%}
        r.plays,
        {{ minutes('r.ms') }} as minutes,
        {{ percent('r.plays', 'c.plays') }} as plays_pct,
        r.rank_by_minutes,
        {{ coverage_columns('c') }},
        r.{{ key }},
        r.listener_id
    from ranked as r
    inner join {{ dimension }} as n on n.{{ dimension_key or key }} = r.{{ key }}
    left join {{ ref('completeness') }} as c
        on c.listener_id = r.listener_id
        and c.period_type = r.period_type
        and c.period_start = r.period_start
)

select * from final
order by {{ period_order() }}, rank
{%- endmacro %}
