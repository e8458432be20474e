with

plays as (
    select * from {{ ref('int_plays__timed') }}
),

exclusions as (
    select * from {{ ref('int_plays__excluded') }}
),

-- What was not heard (0 ms), or is excluded, makes no session.
heard as (
    select
        plays.play_id,
        plays.play_key,
        plays.listener_id,
        plays.started_at,
        plays.ended_at
    from plays
    anti join exclusions on plays.play_id = exclusions.play_id
    where plays.ms_played > 0
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
        heard.play_id as first_play_id,
        heard.play_key as session_key
    from heard
    semi join numbered on heard.play_id = numbered.first_play_id
),

final as (
    select
        numbered.play_id,
        names.session_key
    from numbered
    inner join names on numbered.first_play_id = names.first_play_id
)

select * from final
