with

covered_exports as (
    select * from {{ ref('int_exports__covered') }}
),

zones as (
    select * from {{ ref('int_zones__spanned') }}
),

excluded_spans as (
    select * from {{ ref('excluded_spans') }}
),

unwanted_spans as (
    {{ wishes_of('excluded_spans') }}
),

spans as (
    select
        'coverage' as kind,
        listener_id,
        if(is_to_the_minute, 'account data', 'detailed') as meaning,
        surely_covered_from as from_at,
        -- This end lies inside.
        surely_covered_until + interval 1 microsecond as until_at
    from covered_exports
    union all
    select
        'clock' as kind,
        listener_id,
        concat_ws(' ', time_zone, utc_offset) as meaning,
        from_at,
        until_at
    from zones
    union all
    select
        'exclusion' as kind,
        listener_id,
        coalesce(reason, '') as meaning,
        from_at,
        until_at
    from unwanted_spans
),

final as (
    select distinct * from spans
    where from_at < until_at and listener_id is not null
)

select * from final
