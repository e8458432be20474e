with

counted_as_one as (
    select * from {{ ref('fct_merges') }}
),

final as (
    select
        member_name as merged,
        into_name as into_what,
        reason as why,
        minutes,
        plays,
        kind,
        line_to_keep_apart,
        listener_id
    from counted_as_one
)

select * from final
order by minutes desc, merged, into_what
