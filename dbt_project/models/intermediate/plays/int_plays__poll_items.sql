with recursive

dirty_months as (
    select * from {{ ref('int_dirty__months') }}
),

recently_played as (
    select * from {{ ref('stg_spotify__recently_played') }}
),

ranked_files as (
    select * from {{ ref('int_files__ranked') }}
),

near_items as (
    select * from recently_played
    where {{ is_in_window('played_at') }}
),

items as (
    select
        ranked_files.first_row_id + near_items.row_number as row_id,
        near_items.row_key,
        near_items.listener_id,
        near_items.source_file,
        near_items.row_number,
        near_items.fetched_at,
        near_items.content_kind,
        near_items.track_key,
        near_items.track_name,
        near_items.artist_name,
        near_items.isrc,
        near_items.played_at,
        near_items.duration_ms
    from near_items
    inner join ranked_files on near_items.source_file = ranked_files.source_file
),

crowded as (
    select * from items
    where content_kind = 'music'
    qualify count(*) over (partition by listener_id, played_at) > 1
),

named as (
    select
        *,
        {{ fold_name('track_name') }} as title,
        {{ fold_name("coalesce(artist_name, '')") }} as artist
    from crowded
),

-- One millisecond has room for one play: Spotify gave its track another id between two polls. One answer lists a play
-- once, so that two titles in it are two plays, even when their ISRC is the same.
same_plays as (
    select
        one.row_id,
        other.row_id as other_row_id
    from named as one
    inner join named as other
        on
            one.listener_id = other.listener_id
            and one.played_at = other.played_at
            and one.row_id <> other.row_id
    where
        one.track_key = other.track_key
        or (one.title = other.title and one.artist = other.artist)
        or (
            one.isrc = other.isrc
            and (one.source_file <> other.source_file or one.fetched_at <> other.fetched_at)
        )
),

reached as (
    select
        row_id,
        other_row_id as reached_row_id
    from same_plays
    union
    select
        reached.row_id,
        same_plays.other_row_id as reached_row_id
    from reached
    inner join same_plays on reached.reached_row_id = same_plays.row_id
),

first_rows as (
    select
        row_id,
        min(reached_row_id) as first_row_id
    from reached
    group by row_id
),

final as (
    select
        items.* exclude (track_name, artist_name, isrc),
        coalesce(first_rows.first_row_id, items.row_id) as first_row_id
    from items
    left join first_rows on items.row_id = first_rows.row_id
)

select * from final
