with

-- What was not heard (0 ms), or is excluded, makes no session.
heard as (
    select
        p.play_id,
        p.play_key,
        p.listener_id,
        p.started_at,
        p.ended_at
    from {{ ref('int_plays__timed') }} as p
    anti join {{ ref('int_plays__excluded') }} as x on p.play_id = x.play_id
    where p.ms_played > 0
),

-- Plays overlap (crossfade, two devices): what counts is the latest end so far, so a negative gap never breaks.
with_gap as (
    select
        play_id,
        listener_id,
        started_at,
        coalesce(
            started_at > max(ended_at) over (
                partition by listener_id order by started_at, play_id
                rows between unbounded preceding and 1 preceding
            ) + interval '{{ var("session_gap_minutes") }} minutes',
            true
        ) as is_first
    from heard
),

numbered as (
    select
        play_id,
        last_value(if(is_first, play_id, null) ignore nulls) over (
            partition by listener_id order by started_at, play_id rows unbounded preceding
        ) as first_play_id
    from with_gap
),

-- A session is called by its first play.
names as (
    select
        h.play_id as first_play_id,
        h.play_key as session_key
    from heard as h
    semi join numbered as n on h.play_id = n.first_play_id
),

final as (
    select
        n.play_id,
        s.session_key
    from numbered as n
    inner join names as s on n.first_play_id = s.first_play_id
)

select * from final
