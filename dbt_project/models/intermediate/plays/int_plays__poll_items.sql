select
    f.first_row_id + p.row_number as row_id,
    p.row_key,
    p.listener_id,
    p.source_file,
    p.row_number,
    p.fetched_at,
    p.track_key,
    p.played_at,
    p.duration_ms
from {{ ref('stg_spotify__recently_played') }} as p
inner join {{ ref('int_files__ranked') }} as f on p.source_file = f.source_file
