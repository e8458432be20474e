with

gaps as (
    select
        listener_id,
        coalesce(gap_from, timestamp '1970-01-01') as gap_from,
        coalesce(gap_until, oldest_played_at) as gap_until,
        min(polled_at) as noticed_at
    from {{ ref('stg_ops__polls') }}
    where outcome = 'gap'
    group by all
),

export_spans as (
    select * from {{ ref('int_coverage__spanned') }}
    where told_by = 'exports'
),

final as (
    select
        {{ surrogate_key(['g.listener_id', 'g.gap_from', 'g.gap_until']) }} as gap_key,
        g.listener_id,
        g.gap_from,
        g.gap_until,
        round(date_diff('second', g.gap_from, g.gap_until) / 60.0, 1) as gap_minutes,
        g.noticed_at,
        coalesce(bool_or(g.gap_from >= s.from_at and g.gap_until <= s.until_at), false) as is_closed
    from gaps as g
    left join export_spans as s on g.listener_id = s.listener_id
    group by all
)

select * from final
