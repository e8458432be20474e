-- Over 120 lines: four kinds of milestones, each from its own sums.
{{
    config(materialized='table', meta={
        'follows': ['fct_listening_days', 'fct_artist_days', 'fct_plays', 'dim_artist', 'dim_recording', 'streaks'],
        'part': {'since': 'reached_on', 'unit': 'day'},
    })
}}

with

listening_days as (
    select * from {{ ref('fct_listening_days') }}
    where plays > 0
),

all_plays as (
    select * from {{ ref('fct_plays') }}
    where is_counted
),

artists as (
    select * from {{ ref('dim_artist') }}
    where not is_special_purpose
),

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

recordings as (
    select * from {{ ref('dim_recording') }}
),

streaks as (
    select * from {{ ref('streaks') }}
),

days as (
    {{ sums_by_day('listening_days', 'listener_id') }}
),

running as (
    select
        *,
        sum(plays) over so_far as plays_so_far,
        sum(ms) over so_far as ms_so_far
    from days
    window so_far as (partition by listener_id order by date_key)
),

marks as (
    select unnest([1, 10, 100, 500] || range(1000, 1001000, 1000)) as mark
),

nth_days as (
    select
        running.listener_id,
        running.date_key,
        marks.mark,
        marks.mark - (running.plays_so_far - running.plays) as nth_of_day
    from running
    inner join marks on marks.mark > running.plays_so_far - running.plays and running.plays_so_far >= marks.mark
    where {{ is_read_for_part('running.date_key') }}
),

ordered as (
    select
        all_plays.listener_id,
        all_plays.date_key,
        all_plays.recording_key,
        row_number() over (
            partition by all_plays.listener_id, all_plays.date_key order by all_plays.started_at, all_plays.play_key
        ) as nth_of_day
    from all_plays
    semi join nth_days on all_plays.listener_id = nth_days.listener_id and all_plays.date_key = nth_days.date_key
),

nth_plays as (
    select
        nth_days.listener_id,
        'play' as kind,
        nth_days.mark,
        nth_days.date_key as reached_on,
        recordings.recording_name || ' by ' || recordings.artist_name as subject
    from nth_days
    inner join ordered
        on
            nth_days.listener_id = ordered.listener_id
            and nth_days.date_key = ordered.date_key
            and nth_days.nth_of_day = ordered.nth_of_day
    inner join recordings on ordered.recording_key = recordings.recording_key
),

hours as (
    select
        running.listener_id,
        'hour' as kind,
        marks.mark,
        running.date_key as reached_on,
        cast(null as varchar) as subject
    from running
    inner join marks
        on marks.mark * 3600000 > running.ms_so_far - running.ms and running.ms_so_far >= marks.mark * 3600000
),

day_streaks as (
    select
        streaks.listener_id,
        'streak' as kind,
        lengths.mark,
        streaks.started_on + cast(lengths.mark - 1 as integer) as reached_on,
        cast(null as varchar) as subject
    from streaks
    inner join (values (7), (30), (100), (365), (1000)) as lengths (mark) on streaks.certain_days >= lengths.mark
),

heard as (
    {{ sums_by_day('artist_days semi join artists using (artist_key)', 'listener_id, artist_key') }}
),

-- Whoever leads at the end of a day has more plays than anyone had before.
artist_totals as (
    select
        listener_id,
        artist_key,
        date_key,
        min(first_day) over (partition by listener_id) as first_day,
        sum(plays) over (partition by listener_id, artist_key order by date_key) as plays_so_far
    from heard
),

best_of_day as (
    select
        listener_id,
        date_key,
        min(first_day) as first_day,
        max(plays_so_far) as plays_so_far,
        arg_max(artist_key, (plays_so_far, -artist_key)) as artist_key
    from artist_totals
    group by all
),

records as (
    select *
    from best_of_day
    qualify
        plays_so_far > coalesce(
            max(plays_so_far) over (
                partition by listener_id order by date_key rows between unbounded preceding and 1 preceding
            ), 0
        )
),

leaders as (
    select * from records
    qualify artist_key is distinct from lag(artist_key) over (partition by listener_id order by date_key)
),

number_ones as (
    select
        leaders.listener_id,
        'number one' as kind,
        leaders.plays_so_far as mark,
        leaders.date_key as reached_on,
        artists.artist_name as subject
    from leaders
    inner join artists on leaders.artist_key = artists.artist_key
    where leaders.date_key >= leaders.first_day + 90
),

reached as (
    select * from nth_plays
    union all
    select * from hours
    union all
    select * from day_streaks
    union all
    select * from number_ones
),

final as (
    select
        case kind
            when 'play' then format('play number {:,}', mark)
            when 'hour' then format('hour number {:,}', mark)
            when 'streak' then format('{:,} days in a row', mark)
            else format('a new number one, {:,} plays', cast(mark as bigint))
        end as milestone,
        reached_on,
        subject,
        kind,
        listener_id
    from reached
    where {{ is_read_for_part('reached_on') }}
)

select * from final
order by reached_on desc, kind, milestone, listener_id
