with

-- What was not heard (0 ms), or is not the listener's own, makes no session.
heard as (
    select
        p.play_key,
        p.listener_id,
        p.started_at,
        p.ended_at
    from {{ ref('int_plays__timed') }} as p
    anti join {{ ref('int_plays__excluded') }} as x on p.play_key = x.play_key
    where p.ms_played > 0
),

-- Plays overlap (crossfade, two devices): what counts is the latest end so far, so a negative gap never breaks.
with_gap as (
    select
        *,
        coalesce(
            started_at > max(ended_at) over (
                partition by listener_id order by started_at, ended_at, play_key
                rows between unbounded preceding and 1 preceding
            ) + interval '{{ var("session_gap_minutes") }} minutes',
            true
        ) as is_first
    from heard
),

final as (
    select
        play_key,
        -- A session is called by its first play.
        last_value(if(is_first, play_key, null) ignore nulls) over (
            partition by listener_id order by started_at, ended_at, play_key rows unbounded preceding
        ) as session_key
    from with_gap
)

select * from final
