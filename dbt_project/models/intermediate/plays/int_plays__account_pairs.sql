with recursive

export_plays as (
    select * from {{ ref('int_plays__export_rows') }}
    where row_role = 'first'
),

streaming_history as not materialized (
    select * from {{ ref('stg_spotify__streaming_history') }}
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
        short_rows.row_id as left_key,
        short_rows.ended_at as left_at,
        short_rows.row_key as left_row_key,
        short_rows.track_key as left_track_key,
        export_plays.row_id as right_key,
        export_plays.row_key as right_row_key,
        export_plays.reported_end_at as right_at,
        short_rows.listener_id,
        short_rows.ms_played
    from short_rows
    inner join export_plays
        on
            short_rows.listener_id = export_plays.listener_id
            and short_rows.ms_played = export_plays.ms_played
            and short_rows.near_minute = epoch_us(export_plays.reported_end_at) // 60000000
            and not export_plays.is_to_the_minute
),

edges as (
    select
        concat_ws('|', candidates.listener_id, candidates.left_track_key, candidates.ms_played) as chain,
        candidates.left_key,
        candidates.left_at,
        candidates.right_key,
        candidates.right_at,
        1000000000000 - abs(date_diff('millisecond', candidates.left_at + interval 30 seconds, candidates.right_at))
            as gain,
        false as is_tight,
        left_rows.track_hash
        = {{ track_hash('cast(null as varchar)', 'right_rows.artist_name', 'right_rows.track_name') }} as is_equal
    from candidates
    inner join streaming_history as left_rows on candidates.left_row_key = left_rows.row_key
    inner join streaming_history as right_rows on candidates.right_row_key = right_rows.row_key
    where
        is_equal
        or (
            left_rows.lost_letters > 0
            and {{ can_have_been('left_rows.track_name', 'right_rows.track_name') }}
            and {{ can_have_been('left_rows.artist_name', 'right_rows.artist_name') }}
        )
        or (
            right_rows.lost_letters > 0
            and {{ can_have_been('right_rows.track_name', 'left_rows.track_name') }}
            and {{ can_have_been('right_rows.artist_name', 'left_rows.artist_name') }}
        )
    -- A row that names could have lost letters of may be wanted by rows of two names: then the equal one has it.
    qualify chain = arg_min(chain, (not is_equal, chain)) over (partition by candidates.right_key)
),

{{ assign_in_order('edges') }},

final as (
    select
        left_key as account_row_id,
        right_key as export_row_id
    from assigned
)

select * from final
