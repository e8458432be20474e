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

{#- A share in percent, to a tenth; null of nothing. -#}
{% macro percent(part, whole) -%}
    round(100.0 * ({{ part }}) / nullif({{ whole }}, 0), 1)
{%- endmacro %}

{#- The moment of asking, naive UTC; the var `now` stands in for it in tests. Needs no extension of DuckDB. -#}
{% macro utc_now() -%}
    {%- if var('now', none) -%} timestamp '{{ var('now') }}' {%- else -%} make_timestamp(epoch_us(now())) {%- endif -%}
{%- endmacro %}

{#-
  The coverage of spans of days, as a subquery with one row for each listener, first_day and last_day that occur in
  `spans`; the two are expressions over it. A span of no day is covered. Needs the import CTE `coverage` over
  fct_listening_coverage.
-#}
{% macro coverage_between(spans, first_day, last_day) -%}
    (
        with

        running as (
            select
                listener_id,
                date_key,
                sum(covered_minutes) over so_far as covered,
                sum(known_minutes) over so_far as known,
                count(if(has_holes, 1, null)) over so_far as days_with_holes
            from coverage as known_days
            window so_far as (partition by listener_id order by date_key)
        ),

        wanted as (
            select distinct listener_id, {{ first_day }} as first_day, {{ last_day }} as last_day from {{ spans }} as spans
        ),

        -- Materialised, or DuckDB joins every day with every day first.
        begun as materialized (
            select
                wanted.listener_id,
                wanted.first_day,
                wanted.last_day,
                coalesce(running.covered, 0) as covered,
                coalesce(running.known, 0) as known,
                coalesce(running.days_with_holes, 0) as days_with_holes
            from wanted
            left join running on wanted.listener_id = running.listener_id and running.date_key = wanted.first_day - 1
        )

        select
            begun.listener_id,
            begun.first_day,
            begun.last_day,
            coalesce(
                round(100.0 * (running.covered - begun.covered) / nullif(running.known - begun.known, 0), 1), 100.0
            ) as coverage_pct,
            running.days_with_holes > begun.days_with_holes as has_holes
        from begun
        inner join running on begun.listener_id = running.listener_id and begun.last_day = running.date_key
    )
{%- endmacro %}
