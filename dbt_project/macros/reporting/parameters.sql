{#-
  Parameters of a report. A report is written once and asked in two ways: as a view, where each parameter is null, and as
  a table macro of the same name, where it is what the caller says: `from reporting.top_artists(since := '2025-06-01')`.
  Every parameter may be left out. In a unit test the var `ask` gives their values.
-#}
{% macro parameter(name, type='varchar') -%}
    {%- set asked = (var('ask', none) or {}) -%}
    {%- if asked is mapping and name in asked -%}
    cast('{{ asked[name] }}' as {{ type }})
    {%- else -%}
    cast(null /* {{ name }} */ as {{ type }})
    {%- endif -%}
{%- endmacro %}

{#- The names of the parameters in a compiled report, in the order in which a call may give them without names. -#}
{% macro parameters_of(sql) -%}
    {%- set found = [] -%}
    {%- for name in ['a', 'b', 'since', 'until', 'n', 'rule', 'measure', 'kind', 'period', 'name', 'listener'] -%}
        {%- if 'null /* ' ~ name ~ ' */' in sql -%} {%- do found.append(name) -%} {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- Makes the table macro of a report that has parameters, after the report itself; see dbt_project.yml. -#}
{% macro make_table_macro() -%}
    {%- set sql = model.get('compiled_code') or '' -%}
    {%- set names = parameters_of(sql) -%}
    {%- if names -%}
        {%- set body = namespace(sql=sql) -%}
        {%- for name in names -%}
            {%- set body.sql = body.sql.replace('null /* ' ~ name ~ ' */', name) -%}
        {%- endfor -%}
        create or replace macro {{ this.include(database=true) }}({{ names | join(' := null, ') }} := null) as table
        {{ body.sql }};
        comment on macro table {{ this }} is '{{ model.description | trim | replace("'", "''") }}'
    {%- endif -%}
{%- endmacro %}

{#- Whether a day lies between the parameters since and until, both included. -#}
{% macro is_asked_day(day) -%}
    ({{ parameter('since', 'date') }} is null or {{ day }} >= {{ parameter('since', 'date') }})
    and ({{ parameter('until', 'date') }} is null or {{ day }} <= {{ parameter('until', 'date') }})
{%- endmacro %}

{#- Whether no range was asked for. -#}
{% macro is_all_time() -%}
    ({{ parameter('since', 'date') }} is null and {{ parameter('until', 'date') }} is null)
{%- endmacro %}

{#- Whether a row is of the parameter listener. -#}
{% macro is_asked_listener(listener_id='listener_id') -%}
    ({{ parameter('listener') }} is null or {{ listener_id }} = {{ parameter('listener') }})
{%- endmacro %}

{#- Whether a rank is one of the first n. -#}
{% macro is_asked_rank(rank='rank') -%}
    ({{ parameter('n', 'bigint') }} is null or {{ rank }} <= {{ parameter('n', 'bigint') }})
{%- endmacro %}

{#- The plays of a row of day facts under the parameter rule. -#}
{% macro plays_by_rule() -%}
    case coalesce({{ parameter('rule') }}, 'spotify30')
        when 'spotify30' then plays
        when 'any' then plays_any
        when 'lastfm' then plays_lastfm
        when 'completed' then plays_completed
        else error('rule is spotify30, any, lastfm or completed')
    end
{%- endmacro %}

{#- The milliseconds of a row of day facts under the parameter rule. -#}
{% macro ms_by_rule() -%}
    case coalesce({{ parameter('rule') }}, 'spotify30')
        when 'spotify30' then ms_played
        when 'any' then ms_any
        when 'lastfm' then ms_lastfm
        when 'completed' then ms_completed
        else error('rule is spotify30, any, lastfm or completed')
    end
{%- endmacro %}

{#- Whether the parameter measure is minutes; else it is plays. -#}
{% macro is_by_minutes() -%}
    case coalesce({{ parameter('measure') }}, 'plays')
        when 'plays' then false
        when 'minutes' then true
        else error('measure is plays or minutes')
    end
{%- endmacro %}

{#- The number of what the parameter kind asks for, in a row of day facts. -#}
{% macro number_of_kind() -%}
    case coalesce({{ parameter('kind') }}, 'artist')
        when 'artist' then artist_key
        when 'track' then recording_key
        when 'album' then album_key
        else error('kind is artist, track or album')
    end
{%- endmacro %}

{#- The first day of the period that the parameter period asks for, of a day; a year where nothing is asked. -#}
{% macro asked_period_start(day) -%}
    case coalesce({{ parameter('period') }}, 'year')
        when 'year' then {{ period_start('year', day) }}
        when 'month' then {{ period_start('month', day) }}
        when 'week' then {{ period_start('week', day) }}
        else error('period is year, month or week')
    end
{%- endmacro %}

{#-
  The first or last day of a span that is written as a year (2025), a month (2025-06), an ISO week (2025-W07), a day, or
  two of these with two dots between them (2025-06-01..2025-08-31).
-#}
{% macro first_day_of(span) -%}
    {%- set start = "split_part(" ~ span ~ ", '..', 1)" -%}
    case
        when regexp_full_match({{ start }}, '\d{4}') then cast({{ start }} || '-01-01' as date)
        when regexp_full_match({{ start }}, '\d{4}-\d{2}') then cast({{ start }} || '-01' as date)
        when regexp_full_match({{ start }}, '\d{4}-W\d{2}') then cast(strptime({{ start }} || '-1', '%G-W%V-%u') as date)
        else cast({{ start }} as date)
    end
{%- endmacro %}

{% macro last_day_of(span) -%}
    {%- set ending = "split_part(" ~ span ~ ", '..', -1)" -%}
    case
        when regexp_full_match({{ ending }}, '\d{4}') then cast({{ ending }} || '-12-31' as date)
        when regexp_full_match({{ ending }}, '\d{4}-\d{2}') then last_day(cast({{ ending }} || '-01' as date))
        when regexp_full_match({{ ending }}, '\d{4}-W\d{2}')
            then cast(strptime({{ ending }} || '-7', '%G-W%V-%u') as date)
        else cast({{ ending }} as date)
    end
{%- endmacro %}
