{#-
  Tables of which only a part is made again, because what they are made of changed in that part only.

  Config `meta` says it: `follows` names the models whose changes are known by their days, `part` what is replaced,
    {days: column}           the rows of the days of the dirty months,
    {files: column}          the rows of the files that have a row in a dirty month, or none any more,
    {since: column, unit: month}  the rows of all periods from that of the first changed day on: what is known of a day or
                             a period must not depend on later ones.
  A part is made only by a run that came from the very versions of what the table was made of, and by month itself; else,
  and when anything else that it reads has changed, the table is made whole. What is followed is by month, or follows
  itself, or is a small table that is made whole and says in `meta` what becomes of its rows: `changed_by_day` names the
  column of the day whose rows are compared with those before; `grows` the columns of a dimension that followers read: they
  go on as long as none of its rows changed in them, and new rows belong to plays of the dirty months.
-#}

{% macro _meta(key) -%} {% do return((config.get('meta') or {}).get(key)) %} {%- endmacro %}

{% macro _changed_days() -%} {{ target.database }}.built.changed_days {%- endmacro %}

{#- The first day of which anything changed, in a run by month. -#}
{% macro first_changed_day() -%}
    {% do return(run_query(
        "select coalesce(min(day), date '9999-12-31') from (select cast(month as date) - 3 as day from "
        ~ built_table('intermediate', 'int_dirty__months') ~ " where month > timestamp '1970-01-01'"
        ~ " union all select day from " ~ _changed_days() ~ " where run = '" ~ invocation_id ~ "')"
    ).rows[0][0]) %}
{%- endmacro %}

{#- Whether a day or period lies in the part that is made, or up to so many months before it. -#}
{% macro is_since_change(column, unit, months_before=0) -%}
    {{ column }} >= cast(date_trunc('{{ unit }}', date '{{ first_changed_day() }}') as date)
    {{- ' - interval ' ~ months_before ~ ' months' if months_before }}
{%- endmacro %}

{#- In a model with `part: {since: ...}`: whether a day is read, so many months before the part included. -#}
{% macro is_read_for_part(day, months_before=0) -%}
    {{ is_since_change(day, _meta('part')['unit'], months_before) if is_followed() else 'true' }}
{%- endmacro %}

{#- Whether this run makes a part of the current model. -#}
{% macro is_followed() -%}
    {%- if not execute or not _meta('follows') or not goes_on() -%}
        {% do return(false) %}
    {%- endif -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set inputs = what_it_is_made_of(model.raw_code) -%}
    {% do return(
        existing is not none and existing.type == 'table' and inputs.version is not none
        and inputs.made_of_followed is not none and inputs.made_of_followed == inputs.made_of_before
    ) %}
{%- endmacro %}

{#- In a model with `part: {days: ...}`: whether a row is of the part that is made, or of days near to it. -#}
{% macro is_of_part(day=none, margin_days=0) -%}
    {{ is_near_dirty_month(day or _meta('part')['days'], margin_days) if is_followed() else 'true' }}
{%- endmacro %}

{#- In a model with `part: {files: ...}`: whether a row is of a file that is counted again. -#}
{% macro is_of_part_file() -%} {{ is_of_dirty_file(_meta('part')['files']) if is_followed() else 'true' }} {%- endmacro %}

{% macro is_of_dirty_file(file) -%}
    {%- set dirty = built_table('intermediate', 'int_dirty__months') -%}
    {{ file }} in (
        select source_file from {{ built_table('marts', 'fct_source_rows') }}
        where
            {{ is_about_dirty_months("coalesce(ended_at, timestamp '1970-01-01')", dirty) }}
            and (listener_id, {{ month_of('ended_at') }}) in (select (listener_id, month) from {{ dirty }})
    )
{%- endmacro %}

{#- The rows of the current model that are replaced. -#}
{% macro part_condition() -%}
    {%- set part = _meta('part') -%}
    {%- if 'days' in part -%} {{ is_near_dirty_month(part['days']) }}
    {%- elif 'files' in part -%}
        {{ is_of_dirty_file(part['files']) }}
        or {{ part['files'] }} not in (select source_file from {{ built_table('marts', 'fct_source_rows') }})
    {%- else -%} {{ is_since_change(part['since'], part['unit']) }}
    {%- endif -%}
{%- endmacro %}

{#-
  Whether a local day can have plays that ended in a dirty month: it begins up to 14 hours before UTC's, a play up to a day
  before its end.
-#}
{% macro is_near_dirty_month(day, margin_days=0) -%}
    {%- set dirty = built_table('intermediate', 'int_dirty__months') -%}
    (
        {{ is_about_dirty_months(day, dirty, 3 + margin_days) }}
        and (
            (listener_id, {{ month_of(day ~ " - interval " ~ (2 + margin_days) ~ " days") }})
            in (select (listener_id, month) from {{ dirty }})
            or (listener_id, {{ month_of(day ~ " + interval " ~ (3 + margin_days) ~ " days") }})
            in (select (listener_id, month) from {{ dirty }})
        )
    )
{%- endmacro %}

{#- SQL that replaces the part, keeps the order of a report, and the sum over all rows that is the version. -#}
{% macro replace_part(relation, code, inputs) %}
    {%- set order = code.split('select * from final')[-1] | trim if 'days' not in _meta('part') else '' %}
    create or replace temp table made as from {{ relation }} limit 0;
    insert into made by name
    {{ code }};
    create or replace temp table sums_before as
    select count(*) as row_count, coalesce(sum(hash(gone)), 0) as row_sum from {{ relation }} as gone
    where {{ part_condition() }};
    {%- set version -%}
        (
            select concat(
                '{{ inputs.code }}:', {{ inputs.version.split(':')[1] }} - row_count + (select count(*) from made),
                ':', {{ inputs.version.split(':')[2] }} - row_sum + (select coalesce(sum(hash(made)), 0) from made)
            )
            from sums_before
        )
    {%- endset %}
    {{ note_version(inputs.made_of, version, "'" ~ inputs.version ~ "'") }};
    {%- if order %}
    insert into made from {{ relation }} where not ({{ part_condition() }});
    delete from {{ relation }};
    {%- else %}
    delete from {{ relation }} where {{ part_condition() }};
    {%- endif %}
    insert into {{ relation }} from made {{ order }};
    drop table made;
    drop table sums_before
{%- endmacro %}

{#-
  SQL that compares a table that is made whole with the temporary table `rows_before`: writes down the days that changed, and
  returns the version before, or null when followers can not go on from it.
-#}
{% macro version_before(relation, inputs) -%}
    {%- if _meta('grows') -%}
        {%- set columns = _meta('grows') | join(', ') -%}
        if(
            exists (select {{ columns }} from rows_before except select {{ columns }} from {{ relation }}),
            null, '{{ inputs.version }}'
        )
    {%- else -%} '{{ inputs.version }}'
    {%- endif -%}
{%- endmacro %}

{% macro note_changed_days(relation) %}
    delete from {{ _changed_days() }} where name = '{{ model.name }}';
    insert into {{ _changed_days() }}
    select distinct '{{ model.name }}', {{ _meta('changed_by_day') }}, '{{ invocation_id }}'
    from (
        (select * from rows_before except all select * from {{ relation }})
        union all
        (select * from {{ relation }} except all select * from rows_before)
    )
{%- endmacro %}
