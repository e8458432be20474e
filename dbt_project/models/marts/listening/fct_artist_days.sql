with

listening_days as (
    select * from {{ ref('fct_listening_days') }}
    where plays > 0
),

artists as (
    select
        artist_key,
        artist_number
    from {{ ref('dim_artist') }}
),

days as (
    select
        listener_id,
        artist_number,
        date_key,
        cast(sum(plays) as integer) as plays,
        cast(sum(ms_played) as bigint) as ms_played
    from listening_days
    group by all
),

numbered as (
    select
        *,
        row_number() over one_artist as day_number,
        lag(date_key) over one_artist as previous_date_key,
        lead(date_key) over one_artist as next_date_key,
        first_value(date_key) over one_artist as first_date_key
    from days
    window one_artist as (partition by listener_id, artist_number order by date_key)
),

final as (
    select
        numbered.listener_id,
        artists.artist_key,
        numbered.artist_number,
        numbered.date_key,
        numbered.plays,
        numbered.ms_played,
        cast(numbered.day_number as integer) as day_number,
        numbered.first_date_key,
        numbered.previous_date_key,
        numbered.next_date_key
    from numbered
    inner join artists on numbered.artist_number = artists.artist_number
)

select * from final
