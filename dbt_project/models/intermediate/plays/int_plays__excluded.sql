with

plays as (
    select
        play_id,
        play_key,
        listener_id,
        track_key,
        started_at,
        ms_played,
        is_near_duplicate
    from {{ ref('int_plays__timed') }}
),

tracks as (
    select * from {{ ref('int_tracks__resolved') }}
),

unwanted_tracks as (
    select * from {{ ref('int_tracks__excluded') }}
),

excluded_plays as (
    select * from {{ ref('excluded_plays') }}
),

excluded_spans as (
    select * from {{ ref('excluded_spans') }}
),

unwanted_spans as (
    {{ wishes_of('excluded_spans') }}
),

matches as (
    select
        plays.play_id,
        1 as priority,
        'play' as excluded_by,
        exclusions.reason
    from plays
    inner join excluded_plays as exclusions on plays.play_key = {{ key_of_text('exclusions.play_key') }}
    union all
    select
        plays.play_id,
        2 as priority,
        'span' as excluded_by,
        exclusions.reason
    from plays
    inner join unwanted_spans as exclusions
        on
            exclusions.listener_id in (plays.listener_id, '*')
            and plays.started_at >= exclusions.from_at
            and plays.started_at < exclusions.until_at
    union all
    select
        plays.play_id,
        unwanted_tracks.priority,
        unwanted_tracks.excluded_by,
        unwanted_tracks.reason
    from plays
    inner join unwanted_tracks
        on
            plays.track_key = unwanted_tracks.track_key
            and unwanted_tracks.listener_id in (plays.listener_id, '*')
    union all
    select
        plays.play_id,
        5 as priority,
        'length' as excluded_by,
        'one play can not be so long' as reason
    from plays
    inner join tracks on plays.track_key = tracks.track_key
    where not {{ var('count_overlong_plays') }} and {{ is_overlong('plays.ms_played', 'tracks.duration_ms') }}
    {%- if not var('count_near_duplicates') %}
    union all
    select
        play_id,
        6 as priority,
        'near_duplicate' as excluded_by,
        'recorded twice' as reason
    from plays
    where is_near_duplicate
    {%- endif %}
),

final as (
    select
        play_id,
        arg_min(excluded_by || coalesce(': ' || nullif(trim(reason), ''), ''), (priority, reason)) as exclusion_reason
    from matches
    group by play_id
)

select * from final
