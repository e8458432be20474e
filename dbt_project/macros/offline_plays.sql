{#-
  When a row of an export ended: a play without a connection when the device says; where that can't be, ts is only the
  time of the sync. Macros over the columns of stg_spotify__streaming_history.
-#}

{% macro has_device_time() -%}
    coalesce(
        is_offline and offline_started_at + to_milliseconds(ms_played)
        between reported_end_at - interval '{{ var("offline_max_days") }} days'
        and reported_end_at + interval '{{ var("offline_max_clock_error_minutes") }} minutes',
        false
    )
{%- endmacro %}

{% macro exported_end_at() -%}
    if({{ has_device_time() }}, offline_started_at + to_milliseconds(ms_played), reported_end_at)
{%- endmacro %}
