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

{#-
  In a model with `part: {since: ...}` that counts from the beginning: the plays and milliseconds of each day of the part.
  All that was before is one row, of the last day that had any; `first_day` is the first one of it.
-#}
{% macro sums_by_day(rows, keys) -%}
    select {{ keys }}, date_key, date_key as first_day, sum(plays) as plays, sum(ms_played) as ms
    from {{ rows }}
    where {{ is_read_for_part('date_key') }}
    group by all
    {%- if is_followed() %}
    union all
    select {{ keys }}, max(date_key) as date_key, min(date_key) as first_day, sum(plays) as plays, sum(ms_played) as ms
    from {{ rows }}
    where not {{ is_read_for_part('date_key') }}
    group by all
    {%- endif %}
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

{#- The rows that are replaced of a model with such a config `part`, or of the current one. -#}
{% macro part_condition(part=none) -%}
    {%- set part = part or _meta('part') -%}
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

{#-
  SQL that makes the rows of the part, as the temporary table `made`, and compares them with those that are there: the
  tables `gone` and `come` have the place and the hash of each row that is in one of them only.
-#}
{% macro make_part(relation, code, condition) %}
    create or replace temp table made as from {{ relation }} limit 0;
    insert into made by name
    {{ code }};
    {%- set numbered = 'row_number() over (partition by row_hash) as nth' %}
    create or replace temp table were as
    select *, {{ numbered }} from (
        select rowid as row_id, hash(kept) as row_hash from {{ relation }} as kept where {{ condition }}
    );
    create or replace temp table came as
    select *, {{ numbered }} from (select rowid as row_id, hash(made) as row_hash from made);
    create or replace temp table gone as from were anti join came using (row_hash, nth);
    create or replace temp table come as from came anti join were using (row_hash, nth)
{%- endmacro %}

{#- SQL that leaves the rows alone that are what they were: DuckDB writes whole blocks again where a row is deleted. -#}
{% macro replace_rows(relation) %}
    delete from {{ relation }} where rowid in (select row_id from gone);
    insert into {{ relation }} from made where rowid in (select row_id from come)
{%- endmacro %}

{% macro drop_part() %}
    drop table made; drop table were; drop table came; drop table gone; drop table come
{%- endmacro %}

{#- The sum over all rows that is the version, once `gone` and `come` are what they will be. -#}
{% macro version_of_part(inputs) -%}
    {%- set rows_before, sum_before = inputs.version.split(':')[1:] -%}
    concat(
        '{{ inputs.code }}:', {{ rows_before }} - (select count(*) from gone) + (select count(*) from come), ':',
        {{ sum_before }} - (select coalesce(sum(row_hash), 0) from gone) + (select coalesce(sum(row_hash), 0) from come)
    )
{%- endmacro %}

{#-
  Whether a table that is made whole is written row by row, those that differ: one of some size, of the same code, so of the
  same columns. A report is written in its order.
-#}
{% macro is_worth_comparing(inputs) -%}
    {%- set known = (inputs.version or '').split(':') -%}
    {% do return(
        known | length == 3 and known[0] == inputs.code and 5000 <= known[1] | int <= 500000
        and model.fqn[1] != 'reporting' and not _meta('changed_by_day') and not flags.FULL_REFRESH
    ) %}
{%- endmacro %}

{#- SQL that makes a table whole and writes the rows that differ. -#}
{% macro replace_differences(relation, code, inputs) %}
    {{ make_part(relation, code, 'true') }};
    {%- set before = "'" ~ inputs.version ~ "'" if is_followed() else none %}
    {%- if _meta('grows') -%}
        {%- set columns = _meta('grows') | join(', ') -%}
        {%- set before -%}
            if(
                exists (
                    select {{ columns }} from {{ relation }} where rowid in (select row_id from gone)
                    except select {{ columns }} from made
                ),
                null, '{{ inputs.version }}'
            )
        {%- endset -%}
    {%- endif %}
    {{ note_version(inputs.made_of, version_of_part(inputs), before) }};
    {{ replace_rows(relation) }};
    {{ drop_part() }}
{%- endmacro %}

{#- SQL that replaces the part, keeps the order of a report, and the sum over all rows that is the version. -#}
{% macro replace_part(relation, code, inputs) %}
    {%- set order = code.split('select * from final')[-1] | trim if 'days' not in _meta('part') else '' %}
    {{ make_part(relation, code, part_condition()) }};
    {%- set version = version_of_part(inputs) %}
    {{ note_version(inputs.made_of, version, "'" ~ inputs.version ~ "'") }};
    {%- if order %}
    insert into made from {{ relation }} where not ({{ part_condition() }});
    delete from {{ relation }};
    insert into {{ relation }} from made {{ order }};
    {%- else %}
    {{ replace_rows(relation) }};
    {%- endif %}
    {{ drop_part() }}
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
