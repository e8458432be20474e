{#-
  Periods of a report: a type (day, week, month, year, all_time) and the local day that it starts on. The start of
  all_time is the first day that anything is known of.
-#}
{% macro period_start(period_type, day) -%}
    {%- if period_type == 'day' -%} {{ day }}
    {%- elif period_type == 'week' -%} {{ week_start(day) }}
    {%- else -%} cast(date_trunc('{{ period_type }}', {{ day }}) as date)
    {%- endif -%}
{%- endmacro %}

{#- The day that the week of a day starts on; the var `week_starts_on` names the weekday. -#}
{% macro week_start(day) -%}
    {%- set weekdays = {
        'monday': 1, 'tuesday': 2, 'wednesday': 3, 'thursday': 4, 'friday': 5, 'saturday': 6, 'sunday': 7,
    } -%}
    {%- set weekday = var('week_starts_on') | lower -%}
    {%- if execute and weekday not in weekdays -%}
        {{ exceptions.raise_compiler_error("week_starts_on is '" ~ weekday ~ "'; name a weekday, such as monday.") }}
    {%- endif -%}
    cast({{ day }} - cast((isodow({{ day }}) + 7 - {{ weekdays.get(weekday, 1) }}) % 7 as integer) as date)
{%- endmacro %}

{#- Sorts periods so that the whole time comes first, then the newest of each type. -#}
{% macro period_order(period_type='period_type', period_start='period_start') -%}
    case {{ period_type }} when 'all_time' then 1 when 'year' then 2 when 'month' then 3 when 'week' then 4 else 5 end,
    {{ period_start }} desc
{%- endmacro %}

{#-
  Sums the rows of a CTE with a column `day` up to periods: one branch for each type. `measures` is a dict of column to
  aggregate over the alias `days`. Needs a CTE `all_time` (listener_id, period_start).
-#}
{% macro in_periods(days, keys, measures, period_types=['day', 'week', 'month', 'year', 'all_time']) -%}
    {%- for period_type in period_types %}
    select
        days.listener_id,
        {{ "'" ~ period_type ~ "'" }} as period_type,
        {% if period_type == 'all_time' -%}
        all_time.period_start
        {%- else -%}
        {{ period_start(period_type, 'days.day') }}
        {%- endif %} as period_start
        {%- for key in keys %},
        days.{{ key }}
        {%- endfor %}
        {%- for column, aggregate in measures.items() %},
        {{ aggregate }} as {{ column }}
        {%- endfor %}
    from {{ days }} as days
    {%- if period_type == 'all_time' %}
    inner join all_time on days.listener_id = all_time.listener_id
    {%- endif %}
    group by all
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{#- The columns that every period metric carries; `alias` is the CTE or model of the coverage. -#}
{% macro coverage_columns(alias) -%}
    {{ alias }}.coverage_pct,
    {{ alias }}.is_lower_bound
{%- endmacro %}

{#- A share in percent, to a tenth; null of nothing. -#}
{% macro percent(part, whole) -%}
    round(100.0 * ({{ part }}) / nullif({{ whole }}, 0), 1)
{%- endmacro %}

{#- Whether the reports count a play of fct_plays: rule spotify30, not excluded. -#}
{% macro is_counted() -%}
    is_play_spotify30 and not is_excluded
{%- endmacro %}

{#- The moment of asking, naive UTC; the var `now` stands in for it in tests. Needs no extension of DuckDB. -#}
{% macro utc_now() -%}
    {%- if var('now', none) -%} timestamp '{{ var('now') }}' {%- else -%} make_timestamp(epoch_us(now())) {%- endif -%}
{%- endmacro %}

{#-
  The coverage of spans of days, as a subquery with one row for each listener, first_day and last_day that occur in
  `spans`; the two are expressions over it. A span of no day is covered. Needs the import CTE `completeness`.
-#}
{% macro coverage_between(spans, first_day, last_day) -%}
    (
        with

        running as (
            select
                listener_id,
                period_start as day,
                sum(coverage_pct) over so_far as covered,
                count(*) filter (where is_lower_bound) over so_far as days_with_holes
            from completeness as known_days
            where period_type = 'day'
            window so_far as (partition by listener_id order by period_start)
        ),

        wanted as (
            select distinct listener_id, {{ first_day }} as first_day, {{ last_day }} as last_day from {{ spans }} as spans
        ),

        -- Materialised, or DuckDB joins every day with every day first.
        begun as materialized (
            select wanted.listener_id, wanted.first_day, wanted.last_day, running.covered, running.days_with_holes
            from wanted
            inner join running on wanted.listener_id = running.listener_id and running.day = wanted.first_day - 1
        )

        select
            begun.listener_id,
            begun.first_day,
            begun.last_day,
            coalesce(
                round((running.covered - begun.covered) / nullif(begun.last_day - begun.first_day + 1, 0), 1), 100.0
            ) as coverage_pct,
            running.days_with_holes > begun.days_with_holes as is_lower_bound
        from begun
        inner join running on begun.listener_id = running.listener_id and begun.last_day = running.day
    )
{%- endmacro %}
