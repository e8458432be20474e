{#-
  Letters that a damaged file lost: U+FFFD stands for bytes that are no text, a control character for a byte that is
  another one. Macros that belong together: one counts them, the other compares a name that has some with a whole one.
-#}

{#- How many letters a raw row lost; raw is JSON, where what is not written as it is stands behind a backslash. -#}
{% macro lost_letters(payload) -%}
    case
        when contains({{ payload }}, '�') or contains({{ payload }}, '\')
            then len(regexp_extract_all({{ payload }}, '�|\\(?:u[Ff]{3}[Dd]|u00[01][0-9A-Fa-f]|u007[Ff]|[bfnrt])'))
        else 0
    end
{%- endmacro %}

{#- Whether a damaged text can have been the whole one. A text that is missing can have been anything. -#}
{% macro can_have_been(damaged, whole) -%}
    (
        {{ damaged }} is null
        or coalesce({{ whole }}, '') like regexp_replace(
            regexp_replace({{ damaged }}, '([\\%_])', '\\\1', 'g'), '[\x{FFFD}\x00-\x1F\x7F]+', '%', 'g'
        ) escape '\'
    )
{%- endmacro %}

{#-
  What sorts copies of one row, the best first: no lost letters, then no question marks for them, then short names (the
  bytes of a letter read in another encoding are two or three), then the later download.
-#}
{% macro quality_of_names(row) -%}
    (
        {{ row }}.lost_letters,
        len(coalesce({{ row }}.track_name, '') || coalesce({{ row }}.artist_name, ''))
        - len(replace(coalesce({{ row }}.track_name, '') || coalesce({{ row }}.artist_name, ''), '?', '')),
        {{ row }}.track_name is null or {{ row }}.artist_name is null,
        len(coalesce({{ row }}.track_name, '') || coalesce({{ row }}.artist_name, '')),
        -epoch_us({{ row }}.fetched_at),
        {{ row }}.row_key
    )
{%- endmacro %}
