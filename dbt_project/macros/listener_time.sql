{#-
  The listener's time zone until the seed listener_zones says otherwise: of the environment, else of `.env`, which
  plugins/attach_warehouse.py has read.
-#}
{% macro listener_timezone() -%}
    {%- set named = env_var('LISTENER_TIMEZONE', '') | trim -%}
    {%- if named -%} '{{ named }}' {%- else -%} coalesce(getvariable('listener_timezone'), 'UTC') {%- endif -%}
{%- endmacro %}

{#-
  Trips of the setting LISTENER_TRIPS as a list of texts `moment=zone`, UTC: of the environment, else of `.env`. Longer
  lists stand in the seed listener_zones.
-#}
{% macro listener_trips() -%}
    {%- set named = env_var('LISTENER_TRIPS', '') | trim | replace("'", "''") -%}
    string_split(
        {%- if named %} '{{ named }}' {%- else %} coalesce(getvariable('listener_trips'), '') {%- endif %}, ','
    )
{%- endmacro %}

{#- Naive UTC to naive local time. The machine's zone and the session's play no part. -#}
{% macro local_time(at, zone) -%}
    timezone({{ zone }}, timezone('UTC', {{ at }}))
{%- endmacro %}
