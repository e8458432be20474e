{#-
  Release dates come as YYYY, YYYY-MM or YYYY-MM-DD. These three return the precision that the text really has, and its
  first day as a date; a text that is no date at all returns null for both ("0000" is Spotify's "not known").
-#}
{% macro release_precision(text) -%}
    case
        when try_cast({{ text }} as date) is not null and length({{ text }}) = 10 and {{ text }} >= '1000' then 'day'
        when try_cast(left({{ text }}, 7) || '-01' as date) is not null and length({{ text }}) >= 7
            and {{ text }} >= '1000' then 'month'
        when regexp_full_match(left({{ text }}, 4), '[12][0-9]{3}') then 'year'
    end
{%- endmacro %}

{% macro release_first_day(text, precision) -%}
    case {{ precision }}
        when 'day' then try_cast({{ text }} as date)
        when 'month' then try_cast(left({{ text }}, 7) || '-01' as date)
        when 'year' then make_date(cast(left({{ text }}, 4) as integer), 1, 1)
    end
{%- endmacro %}

{#-
  Sorts releases so that the first one comes first: by year, then by month among those that name one, then by day; a
  bare year loses against any date of the same year, since it could be that very date.
-#}
{% macro release_order(date, precision) -%}
    year({{ date }}) nulls last,
    case when {{ precision }} in ('month', 'day') then month({{ date }}) end nulls last,
    case when {{ precision }} = 'day' then day({{ date }}) end nulls last
{%- endmacro %}
