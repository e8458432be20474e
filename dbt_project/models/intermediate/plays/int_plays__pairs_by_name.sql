with recursive

paired as (
    select * from {{ ref('int_plays__pairs_by_track') }}
),

left_over as (
    select e.*
    from {{ ref('int_plays__poll_edges') }} as e
    anti join paired as p on e.poll_row_id = p.poll_row_id
    anti join paired as x on e.export_row_id = x.export_row_id
    where e.poll_track_key <> 'unknown'
),

polls as (
    select
        i.row_id,
        p.track_name,
        list_concat(p.artist_names, p.album_artist_names) as artist_names
    from {{ ref('int_plays__poll_items') }} as i
    semi join left_over as e on i.row_id = e.poll_row_id
    inner join {{ ref('stg_spotify__recently_played') }} as p on i.row_key = p.row_key
),

exports as (
    select
        r.row_id,
        h.track_name,
        h.artist_name
    from {{ ref('int_plays__export_rows') }} as r
    semi join left_over as e on r.row_id = e.export_row_id
    inner join {{ ref('stg_spotify__streaming_history') }} as h on r.row_key = h.row_key
),

-- An export names the album's artist, a poll the artists of the track and of the album.
named as (
    select
        e.*,
        {{ fold_name('h.track_name') }} as title,
        {{ fold_name('h.artist_name') }} as artist
    from left_over as e
    inner join exports as h on e.export_row_id = h.row_id
    inner join polls as p on e.poll_row_id = p.row_id
    where
        title = {{ fold_name('p.track_name') }}
        and list_contains(list_transform(p.artist_names, lambda n: {{ fold_name('n') }}), artist)
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

{{ assign_in_order('edges') }}

select
    left_key as poll_row_id,
    right_key as export_row_id
from assigned
