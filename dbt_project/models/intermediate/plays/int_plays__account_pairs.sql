with recursive

export_plays as (
    select * from {{ ref('int_plays__export_rows') }}
    where row_role = 'first'
),

-- endTime is ts without its seconds; whether they are cut or rounded is not written anywhere, so both will do.
short_rows as (
    select
        *,
        unnest([epoch_us(ended_at) // 60000000 - 1, epoch_us(ended_at) // 60000000]) as near_minute
    from export_plays
    where is_to_the_minute
),

candidates as (
    select
        s.row_id as left_key,
        s.ended_at as left_at,
        s.track_key as left_track_key,
        d.row_id as right_key,
        d.row_key as right_row_key,
        d.reported_end_at as right_at,
        s.listener_id,
        s.ms_played
    from short_rows as s
    inner join export_plays as d
        on
            s.listener_id = d.listener_id
            and s.ms_played = d.ms_played
            and s.near_minute = epoch_us(d.reported_end_at) // 60000000
            and not d.is_to_the_minute
),

edges as (
    select
        concat_ws('|', c.listener_id, c.left_track_key, c.ms_played) as chain,
        c.left_key,
        c.left_at,
        c.right_key,
        c.right_at,
        1000000000000 - abs(date_diff('millisecond', c.left_at + interval 30 seconds, c.right_at)) as gain,
        false as is_tight
    from candidates as c
    inner join {{ ref('stg_spotify__streaming_history') }} as h on c.right_row_key = h.row_key
    where c.left_track_key = {{ track_key('cast(null as varchar)', 'h.artist_name', 'h.track_name') }}
),

{{ assign_in_order('edges') }},

final as (
    select
        left_key as account_row_id,
        right_key as export_row_id
    from assigned
)

select * from final
