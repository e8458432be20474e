with

spoken as (
    select * from {{ ref('fct_spoken_plays') }}
),

final as (
    select
        coalesce(title, 'unknown') as title,
        kind,
        {{ minutes('sum(ms_played)') }} as minutes,
        count(*) as plays,
        count(distinct part) as parts,
        listener_id,
        min(date_key) as first_heard_on,
        max(date_key) as last_heard_on
    from spoken
    where {{ is_asked_day('date_key') }} and {{ is_asked_listener() }}
    group by all
)

select * from final
order by listener_id, minutes desc, title
