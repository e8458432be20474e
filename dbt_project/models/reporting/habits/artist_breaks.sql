{{ config(materialized='table') }}
with

coverage as (
    select * from {{ ref('fct_listening_coverage') }}
),

artist_days as (
    select * from {{ ref('fct_artist_days') }}
),

artists as (
    select * from {{ ref('dim_artist') }}
    where not is_special_purpose
),

known_days as (
    select
        listener_id,
        max(date_key) as last_day
    from coverage
    group by listener_id
),

totals as (
    select
        listener_id,
        artist_number,
        cast(sum(plays) as bigint) as plays,
        max(date_key) as last_heard_on
    from artist_days
    group by all
    having sum(plays) >= 10
),

gaps as (
    select
        artist_days.listener_id,
        artist_days.artist_number,
        artist_days.date_key as silent_from,
        artist_days.next_date_key as silent_until
    from artist_days
    semi join totals
        on artist_days.listener_id = totals.listener_id and artist_days.artist_number = totals.artist_number
    semi join artists on artist_days.artist_number = artists.artist_number
    where artist_days.next_date_key > artist_days.date_key + 1
),

-- The longest that is at least half covered: of other gaps nobody knows that they were silent.
longest as (
    select
        gaps.*,
        covered.coverage_pct,
        covered.has_holes
    from gaps
    inner join {{ coverage_between('gaps', 'silent_from + 1', 'silent_until - 1') }} as covered
        on
            gaps.listener_id = covered.listener_id
            and covered.first_day = gaps.silent_from + 1
            and covered.last_day = gaps.silent_until - 1
    where covered.coverage_pct >= 50
    qualify row_number() over (
        partition by gaps.listener_id, gaps.artist_number
        order by gaps.silent_until - gaps.silent_from desc, gaps.silent_from
    ) = 1
),

final as (
    select
        artists.artist_name,
        cast(longest.silent_until - longest.silent_from as integer) as gap_days,
        longest.silent_from,
        longest.silent_until,
        cast(known_days.last_day - totals.last_heard_on as integer) as days_since_last_play,
        totals.plays,
        longest.listener_id,
        longest.coverage_pct,
        longest.has_holes
    from longest
    inner join totals on longest.listener_id = totals.listener_id and longest.artist_number = totals.artist_number
    inner join artists on longest.artist_number = artists.artist_number
    inner join known_days on longest.listener_id = known_days.listener_id
)

select * from final
order by listener_id, gap_days desc, silent_from desc, artist_name
