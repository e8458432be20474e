{{
    config(
        meta={
            'follows': ['fct_listening_days'],
            'part': {'since': "coalesce(next_date_key, date '9999-12-31')", 'unit': 'day'},
        }
    )
}}

with

listening_days as (
    select * from {{ ref('fct_listening_days') }}
    where plays > 0 and {{ is_read_for_part('date_key') }}
),

days as (
    select
        listener_id,
        artist_key,
        date_key,
        cast(sum(plays) as integer) as plays,
        cast(sum(ms_played) as bigint) as ms_played,
        cast(null as integer) as number_before,
        cast(null as date) as first_before,
        cast(null as date) as day_before
    from listening_days
    group by all
    {%- if is_followed() %}
    -- The last day of each artist before the first that changed knows what is needed of the earlier ones.
    union all by name
    select
        listener_id,
        artist_key,
        date_key,
        plays,
        ms_played,
        day_number as number_before,
        first_date_key as first_before,
        previous_date_key as day_before
    from {{ this }}
    where {{ part_condition() }} and not {{ is_read_for_part('date_key') }}
    {%- endif %}
),

numbered as (
    select
        *,
        row_number() over one_artist + coalesce(max(number_before) over one_artist, 1) - 1 as day_number,
        coalesce(day_before, lag(date_key) over one_artist) as previous_date_key,
        lead(date_key) over one_artist as next_date_key,
        coalesce(min(first_before) over one_artist, first_value(date_key) over one_artist) as first_date_key
    from days
    window one_artist as (partition by listener_id, artist_key order by date_key)
),

final as (
    select
        listener_id,
        artist_key,
        date_key,
        plays,
        ms_played,
        cast(day_number as integer) as day_number,
        first_date_key,
        previous_date_key,
        next_date_key
    from numbered
)

select * from final
