{#-
  The time zone of a listener until the seed listener_zones says otherwise: of the registry of listeners, else of the
  environment, else of `.env`. plugins/attach_warehouse.py has read registry and `.env`.
-#}
{% macro listener_timezone(listener_id) -%}
    {%- set named = env_var('LISTENER_TIMEZONE', '') | trim -%}
    coalesce(
        getvariable('listener_time_zones')[{{ listener_id }}],
        {% if named %} '{{ named }}' {%- else %} getvariable('listener_timezone') {%- endif %},
        'UTC'
    )
{%- endmacro %}

{#- Whether the trips of the setting are a listener's: with several listeners only those of the one of LISTENER_ID. -#}
{% macro has_trips_of_setting(listener_id) -%}
    coalesce({{ listener_id }} = getvariable('listener_with_trips'), true)
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
