with recursive

paired as (
    select * from {{ ref('int_plays__pairs_by_track') }}
),

poll_edges as (
    select * from {{ ref('int_plays__poll_edges') }}
),

poll_items as (
    select * from {{ ref('int_plays__poll_items') }}
),

recently_played as (
    select * from {{ ref('stg_spotify__recently_played') }}
),

export_rows as (
    select * from {{ ref('int_plays__export_rows') }}
),

streaming_history as (
    select * from {{ ref('stg_spotify__streaming_history') }}
),

left_over as (
    select poll_edges.*
    from poll_edges
    anti join paired as paired_items on poll_edges.poll_row_id = paired_items.poll_row_id
    anti join paired as paired_rows on poll_edges.export_row_id = paired_rows.export_row_id
    where poll_edges.poll_track_key <> 0
),

polls as (
    select
        poll_items.row_id,
        recently_played.track_name,
        list_concat(recently_played.artist_names, recently_played.album_artist_names) as artist_names
    from poll_items
    semi join left_over on poll_items.row_id = left_over.poll_row_id
    inner join recently_played on poll_items.row_key = recently_played.row_key
),

exports as (
    select
        export_rows.row_id,
        streaming_history.track_name,
        streaming_history.artist_name
    from export_rows
    semi join left_over on export_rows.row_id = left_over.export_row_id
    inner join streaming_history on export_rows.row_key = streaming_history.row_key
),

-- An export names the album's artist, a poll the artists of the track and of the album.
named as (
    select
        left_over.*,
        {{ fold_name('exports.track_name') }} as title,
        {{ fold_name('exports.artist_name') }} as artist
    from left_over
    inner join exports on left_over.export_row_id = exports.row_id
    inner join polls on left_over.poll_row_id = polls.row_id
    where
        title = {{ fold_name('polls.track_name') }}
        and list_contains(list_transform(polls.artist_names, lambda n: {{ fold_name('n') }}), artist)
),

edges as (
    select
        concat_ws('|', listener_id, title, artist) as chain,
        poll_row_id as left_key,
        played_at as left_at,
        export_row_id as right_key,
        export_ended_at as right_at,
        gain,
        is_tight
    from named
    qualify chain = min(chain) over (partition by poll_row_id)
),

{{ assign_in_order('edges') }},

final as (
    select
        left_key as poll_row_id,
        right_key as export_row_id
    from assigned
)

select * from final
