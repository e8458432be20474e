-- Tracks of the two periods side by side: what rose, fell, is new and is gone; the greatest changes first.
with

heard as (
    select
        days.recording_number,
        sum(days.{plays}) filter (where days.date_key between $a_from and $a_to) as plays_a,
        sum(days.{ms}) filter (where days.date_key between $a_from and $a_to) as ms_a,
        sum(days.{plays}) filter (where days.date_key between $b_from and $b_to) as plays_b,
        sum(days.{ms}) filter (where days.date_key between $b_from and $b_to) as ms_b
    from marts.fct_listening_days as days
    where
        days.listener_id = $listener
        and (days.date_key between $a_from and $a_to or days.date_key between $b_from and $b_to)
    group by all
),

ranked as (
    select
        things.recording_key as key,
        things.recording_name || ' by ' || things.artist_name as name,
        cast(coalesce(heard.plays_a, 0) as bigint) as plays_a,
        cast(coalesce(heard.plays_b, 0) as bigint) as plays_b,
        round(coalesce(heard.ms_a, 0) / 60000.0, 1) as minutes_a,
        round(coalesce(heard.ms_b, 0) / 60000.0, 1) as minutes_b,
        row_number() over (order by {measure}_a desc nulls last, {other}_a desc nulls last, heard.recording_number)
            as place_a,
        row_number() over (order by {measure}_b desc nulls last, {other}_b desc nulls last, heard.recording_number)
            as place_b,
        coalesce({measure}_b, 0) - coalesce({measure}_a, 0) as change
    from heard
    inner join marts.dim_recording as things on heard.recording_number = things.recording_number
    where things.recording_key <> 'unknown'
)

select
    name,
    plays_a,
    plays_b,
    plays_b - plays_a as plays_change,
    minutes_a,
    minutes_b,
    if(plays_a = 0, null, place_a) as rank_a,
    if(plays_b = 0, null, place_b) as rank_b,
    case
        when plays_a = 0 then 'new'
        when plays_b = 0 then 'gone'
        when change > 0 then 'rose'
        when change < 0 then 'fell'
        else 'same'
    end as moved,
    key
from ranked
where plays_a + plays_b > 0
order by abs(change) desc, name, key
limit $row_limit
