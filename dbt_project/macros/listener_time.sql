{#- The listener's time zone until the seed listener_zones says otherwise. -#}
{% macro listener_timezone() -%}
    {{ env_var('LISTENER_TIMEZONE', 'UTC') | trim | default('UTC', true) }}
{%- endmacro %}

{#- Naive UTC to naive local time. The machine's zone and the session's play no part. -#}
{% macro local_time(at, zone) -%}
    timezone({{ zone }}, timezone('UTC', {{ at }}))
{%- endmacro %}
