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
        artist_key,
        cast(sum(plays) as bigint) as plays,
        max(date_key) as last_heard_on
    from artist_days
    group by all
    having sum(plays) >= 10
),

gaps as (
    select
        artist_days.listener_id,
        artist_days.artist_key,
        artist_days.date_key as silent_from,
        artist_days.next_date_key as silent_until
    from artist_days
    semi join totals
        on artist_days.listener_id = totals.listener_id and artist_days.artist_key = totals.artist_key
    semi join artists on artist_days.artist_key = artists.artist_key
    where artist_days.next_date_key > artist_days.date_key + 1
),

running as (
    select
        listener_id,
        date_key,
        sum(covered_minutes) over so_far as covered,
        sum(known_minutes) over so_far as known,
        count(if(has_holes, 1, null)) over so_far as days_with_holes
    from coverage
    window so_far as (partition by listener_id order by date_key)
),

covered as (
    select
        gaps.*,
        coalesce(
            round(100.0 * (ends.covered - begins.covered) / nullif(ends.known - begins.known, 0), 1), 100.0
        ) as coverage_pct,
        ends.days_with_holes > begins.days_with_holes as has_holes
    from gaps
    inner join running as begins on gaps.listener_id = begins.listener_id and gaps.silent_from = begins.date_key
    inner join running as ends on gaps.listener_id = ends.listener_id and gaps.silent_until - 1 = ends.date_key
),

-- The longest that is at least half covered: of other gaps nobody knows that they were silent.
longest as (
    select
        listener_id,
        artist_key,
        arg_max(covered, (silent_until - silent_from, -epoch(silent_from))) as gap
    from covered
    where coverage_pct >= 50
    group by listener_id, artist_key
),

final as (
    select
        artists.artist_name,
        cast(longest.gap.silent_until - longest.gap.silent_from as integer) as gap_days,
        longest.gap.silent_from,
        longest.gap.silent_until,
        cast(known_days.last_day - totals.last_heard_on as integer) as days_since_last_play,
        totals.plays,
        longest.listener_id,
        longest.gap.coverage_pct,
        longest.gap.has_holes
    from longest
    inner join totals on longest.listener_id = totals.listener_id and longest.artist_key = totals.artist_key
    inner join artists on longest.artist_key = artists.artist_key
    inner join known_days on longest.listener_id = known_days.listener_id
)

select * from final
order by listener_id, gap_days desc, silent_from desc, artist_name
