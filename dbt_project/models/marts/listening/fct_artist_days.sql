with

all_artists as (
    select * from {{ ref('dim_artist') }}
),

plays as (
    select * from {{ ref('fct_plays') }}
),

artists as (
    select
        artist_key,
        cast(row_number() over (order by artist_key) as integer) as artist_number
    from all_artists
),

-- Grouped and sorted by a small number instead of the key: a third of the time.
days as (
    select
        plays.listener_id,
        artists.artist_number,
        plays.date_key,
        cast(count(*) as integer) as plays,
        cast(sum(plays.ms_played) as bigint) as ms_played
    from plays
    inner join artists on plays.artist_key = artists.artist_key
    where plays.is_counted
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
