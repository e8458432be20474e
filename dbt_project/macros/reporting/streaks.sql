{#-
  The CTEs that find the runs of days of each thing; the last one is `spanned`: one row per run with certain_days,
  started_on, ended_on, possibly_from, possibly_until and last_day. Needs the import CTE `coverage` over
  fct_listening_coverage and the CTE `active` (listener_id, thing, day, day_number), each day once; `day_number` counts the
  days of the thing.

  A day with less than half of it covered and no play is unknown: it may have had one.
-#}
{% macro runs_of_days() -%}
calendar as (
    select
        listener_id,
        date_key as day,
        case when coverage_pct >= 50 then date_key end as known_day
    from coverage
),

days as (
    select
        *,
        coalesce(max(known_day) over earlier, min(day) over (partition by listener_id) - 1) as known_before,
        coalesce(min(known_day) over later, max(day) over (partition by listener_id) + 1) as known_after,
        max(day) over (partition by listener_id) as last_day
    from calendar
    window
        earlier as (partition by listener_id order by day rows between unbounded preceding and 1 preceding),
        later as (partition by listener_id order by day rows between 1 following and unbounded following)
),

-- In a run of days, the day less its number stays the same.
certain as (
    select
        listener_id,
        thing,
        min(day) as started_on,
        max(day) as ended_on,
        cast(count(*) as integer) as certain_days
    from active
    group by listener_id, thing, day - cast(day_number as integer)
),

edged as (
    select
        certain.*,
        first_days.known_before + 1 as possible_from,
        last_days.known_after - 1 as possible_until,
        last_days.last_day
    from certain
    inner join days as first_days
        on certain.listener_id = first_days.listener_id and certain.started_on = first_days.day
    inner join days as last_days on certain.listener_id = last_days.listener_id and certain.ended_on = last_days.day
),

-- Most runs lie between known days. Of the others, those with nothing but unknown days between them may be one.
grouped as (
    select
        *,
        coalesce(
            lag(possible_until) over (partition by listener_id, thing order by started_on) < started_on - 1, true
        ) as is_apart
    from edged
    where possible_from < started_on or possible_until > ended_on
),

counted as (
    select
        *,
        count(if(is_apart, 1, null)) over (partition by listener_id, thing order by started_on) as possible_group
    from grouped
),

spanned as (
    select
        listener_id,
        thing,
        started_on,
        ended_on,
        certain_days,
        last_day,
        min(possible_from) over possible as possibly_from,
        max(possible_until) over possible as possibly_until
    from counted
    window possible as (partition by listener_id, thing, possible_group)
    union all
    select
        listener_id,
        thing,
        started_on,
        ended_on,
        certain_days,
        last_day,
        started_on as possibly_from,
        ended_on as possibly_until
    from edged
    where possible_from = started_on and possible_until = ended_on
)
{%- endmacro %}
