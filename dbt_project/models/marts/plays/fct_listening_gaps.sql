with

export_spans as (
    select * from {{ ref('int_coverage__spanned') }}
    where told_by = 'exports'
),

polls as (
    select * from {{ ref('stg_ops__polls') }}
),

gaps as (
    select
        listener_id,
        coalesce(gap_from, timestamp '1970-01-01') as gap_from,
        coalesce(gap_until, oldest_played_at) as gap_until,
        min(polled_at) as noticed_at
    from polls
    where outcome = 'gap'
    group by all
),

final as (
    select
        {{ surrogate_key(['gaps.listener_id', 'gaps.gap_from', 'gaps.gap_until']) }} as gap_key,
        gaps.listener_id,
        gaps.gap_from,
        gaps.gap_until,
        {{ minutes("date_diff('millisecond', gaps.gap_from, gaps.gap_until)") }} as gap_minutes,
        gaps.noticed_at,
        coalesce(bool_or(gaps.gap_from >= export_spans.from_at and gaps.gap_until <= export_spans.until_at), false)
            as is_closed
    from gaps
    left join export_spans on gaps.listener_id = export_spans.listener_id
    group by all
)

select * from final
