{#-
  The instant that a text says, as naive UTC; null for none. The same rule as extract_load/core/instants.py, where the
  accepted forms are listed: ISO 8601 with or without an offset, and epoch numbers from seconds to nanoseconds.

  Nearly all texts have Spotify's own two forms, which one pattern and one cast read.
-#}
{% macro parse_instant(expression) -%}
    case
        when
            regexp_full_match(
                {{ expression }},
                '[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9]Z?)?'
            )
            then try_cast({{ expression }} as timestamp)
        when
            {{ _any_instant(expression) }} between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999'
            then {{ _any_instant(expression) }}
    end
{%- endmacro %}

{#- Any of the forms, without a check of the years. -#}
{% macro _any_instant(expression) -%}
    {%- set trimmed = "trim(" ~ expression ~ ", ' ' || chr(9) || chr(10) || chr(13))" %}
    {%- set basic = '^([0-9]{4})([0-9]{2})([0-9]{2})[Tt]([0-9]{2})([0-9]{2})([0-9]{2})' %}
    {%- set day = '[0-9]{4}(?:-[0-9]{1,2}-[0-9]{1,2}|/[0-9]{1,2}/[0-9]{1,2})' %}
    {%- set time = '(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?' %}
    {%- set zone = 'Z|z|UTC|GMT|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?' %}
    {%- set iso = '^(' ~ day ~ '(?:[Tt ]' ~ time ~ ')?)(?: ?(' ~ zone ~ '))?$' %}
    {%- set text = "regexp_replace(" ~ trimmed ~ ", '" ~ basic ~ "', '\\1-\\2-\\3T\\4:\\5:\\6')" %}
    {%- set offset = "regexp_extract(" ~ text ~ ", '" ~ iso ~ "', 2)" %}
    {%- set amount = "try_cast(" ~ trimmed ~ " as decimal(38, 9))" -%}
    if(
        regexp_matches({{ trimmed }}, '^[0-9]{1,20}(?:\.[0-9]{0,17})?(?:[eE]\+?[0-9]{1,2})?$'),
        case
            {%- for digits, unit in [(10, 1000000), (13, 1000), (16, 1)] %}
            when {{ amount }} >= 1e{{ digits - 1 }}::decimal(38, 9) and {{ amount }} < 1e{{ digits }}::decimal(38, 9)
                then make_timestamp(cast(floor({{ amount }} * {{ unit }}) as bigint))
            {%- endfor %}
            when {{ amount }} >= 1e18::decimal(38, 9) and {{ amount }} < 1e19::decimal(38, 9)
                then make_timestamp(cast(cast(floor({{ amount }}) as hugeint) // 1000 as bigint))
        end,
        try_cast(translate(regexp_extract({{ text }}, '{{ iso }}', 1), 't,', 'T.') as timestamp)
        - to_minutes(coalesce(
            if({{ offset }} like '-%', -1, 1) * (
                try_cast(substr({{ offset }}, 2, 2) as integer) * 60
                + coalesce(
                    try_cast(substr({{ offset }}, 4 + cast({{ offset }} like '%:%' as integer), 2) as integer), 0
                )
            ),
            0
        ))
    )
{%- endmacro %}
