-- Over 120 lines: plays are gathered to days, clocks are compared by day, days become runs, then a run is described.
with

all_plays as (
    select * from {{ ref('fct_plays') }}
),

country_time_zones as (
    select * from {{ ref('country_time_zones') }}
),

countries as (
    select * from {{ ref('countries') }}
),

plays as (
    select
        play_key,
        listener_id,
        listener_country_code,
        time_zone,
        started_at,
        ended_at,
        ms_played,
        date_trunc('day', started_at) + interval 12 hour as noon
    from all_plays
    where listener_country_code is not null
),

-- Most days were spent in one country under one zone: such a day is one piece, of other days each play is.
days as (
    select
        listener_id,
        listener_country_code,
        time_zone,
        noon,
        '' as first_play_key,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        count(*) as plays_any,
        sum(ms_played) as ms_played
    from plays
    group by listener_id, listener_country_code, time_zone, noon
),

mixed_days as (
    select
        listener_id,
        noon
    from days
    group by listener_id, noon
    having count(*) > 1
),

pieces as (
    select * from days
    anti join mixed_days on days.listener_id = mixed_days.listener_id and days.noon = mixed_days.noon
    union all
    select
        listener_id,
        listener_country_code,
        time_zone,
        noon,
        play_key as first_play_key,
        started_at,
        ended_at,
        1 as plays_any,
        ms_played
    from plays
    semi join mixed_days on plays.listener_id = mixed_days.listener_id and plays.noon = mixed_days.noon
),

-- Clocks are compared once a day, by country and zone in force.
moments as (
    select distinct
        listener_country_code,
        time_zone,
        noon
    from days
),

compared as (
    select
        moments.listener_country_code,
        moments.time_zone,
        moments.noon,
        bool_or(
            {{ local_time('moments.noon', 'country_time_zones.time_zone') }}
            = {{ local_time('moments.noon', 'moments.time_zone') }}
        ) as is_clock_right,
        arg_min(country_time_zones.time_zone, country_time_zones.preference) as likely_time_zone
    from moments
    inner join country_time_zones on moments.listener_country_code = country_time_zones.country_code
    group by all
),

judged as (
    select
        pieces.*,
        compared.likely_time_zone,
        coalesce(not compared.is_clock_right, false) as is_elsewhere,
        concat_ws('|', is_elsewhere, pieces.listener_country_code, pieces.time_zone) as stay
    from pieces
    left join compared
        on
            pieces.listener_country_code = compared.listener_country_code
            and pieces.time_zone = compared.time_zone
            and pieces.noon = compared.noon
),

-- A run of plays in one country under one zone; the zone in force may change during a stay.
numbered as (
    select
        *,
        count(if(is_first, 1, null)) over (
            partition by listener_id order by started_at, first_play_key rows unbounded preceding
        ) as run
    from (
        select
            *,
            stay <> lag(stay, 1, '') over (
                partition by listener_id order by started_at, first_play_key
            ) as is_first
        from judged
    ) as compared_with_before
),

runs as (
    select
        listener_id,
        run,
        any_value(is_elsewhere) as is_elsewhere,
        any_value(listener_country_code) as listener_country_code,
        any_value(time_zone) as time_zone,
        any_value(likely_time_zone) as likely_time_zone,
        min(started_at) as first_started_at,
        max(ended_at) as last_ended_at,
        lead(min(started_at)) over (partition by listener_id order by run) as back_at,
        sum(plays_any) as plays_any,
        sum(ms_played) as ms
    from numbered
    group by listener_id, run
),

final as (
    select
        {{ surrogate_key(['runs.listener_id', 'runs.first_started_at']) }} as trip_key,
        runs.listener_id,
        runs.listener_country_code,
        coalesce(countries.name, runs.listener_country_code) as listener_country_name,
        runs.time_zone,
        runs.likely_time_zone,
        cast(
            date_diff(
                'minute',
                {{ local_time('runs.first_started_at', 'runs.time_zone') }},
                {{ local_time('runs.first_started_at', 'runs.likely_time_zone') }}
            ) / 60.0 as decimal(18, 2)
        ) as clock_off_hours,
        runs.first_started_at,
        runs.last_ended_at,
        runs.back_at,
        cast(runs.plays_any as integer) as plays_any,
        {{ minutes('runs.ms') }} as minutes_any
    from runs
    left join countries on runs.listener_country_code = countries.code
    where runs.is_elsewhere
)

select * from final
