-- Which tracks are one recording: one ISRC, else one title and the same artists within two seconds of length.
-- Never in chains: each group has a first length, and nothing further than two seconds from it is let in.
with

source_tracks as (
    select * from {{ ref('int_plays__source_tracks') }}
),

credits as (
    select
        track_key,
        arg_min(artist_key, credit_position) as artist_key,
        string_agg(artist_key, ',' order by artist_key) as artist_keys
    from {{ ref('int_tracks__credited') }}
    group by all
),

tracks as (
    select
        s.track_key,
        t.isrc,
        coalesce(t.duration_ms, s.duration_ms) as duration_ms,
        cr.artist_key,
        cr.artist_keys,
        {{ fold_name('coalesce(t.track_name, s.track_name)') }} as title
    from source_tracks as s
    left join {{ ref('stg_spotify__tracks') }} as t on s.spotify_track_id = t.spotify_track_id
    left join credits as cr on s.track_key = cr.track_key
),

by_isrc as (
    select
        *,
        {{ surrogate_key(["'isrc'", 'isrc']) }} as recording_key,
        'isrc' as grouped_by
    from tracks
    where isrc is not null
),

without_isrc as (
    select * from tracks
    where isrc is null and duration_ms is not null and title is not null
),

near_isrc as (
    select
        w.*,
        arg_min(i.recording_key, (abs(i.duration_ms - w.duration_ms), i.isrc)) as recording_key,
        'title, artists and length of an ISRC' as grouped_by
    from without_isrc as w
    inner join by_isrc as i
        on
            w.title = i.title
            and w.artist_keys = i.artist_keys
            and i.duration_ms between w.duration_ms - 2000 and w.duration_ms + 2000
    group by all
),

loose as (
    select * from without_isrc anti join near_isrc using (track_key)
),

first_lengths as (
    with recursive anchors as (
        select
            title,
            artist_keys,
            min(duration_ms) as first_ms
        from loose
        group by all
        union all
        select
            l.title,
            l.artist_keys,
            min(l.duration_ms) as first_ms
        from anchors as a
        inner join loose as l
            on a.title = l.title and a.artist_keys = l.artist_keys and l.duration_ms > a.first_ms + 2000
        group by l.title, l.artist_keys, a.first_ms
    )

    select * from anchors
),

with_first_length as (
    select
        l.*,
        f.first_ms
    from loose as l
    asof join first_lengths as f
        on l.title = f.title and l.artist_keys = f.artist_keys and l.duration_ms >= f.first_ms
),

by_length as (
    select
        * exclude (first_ms),
        {{ surrogate_key(["'length'", 'title', 'artist_keys', 'first_ms']) }} as recording_key,
        'title, artists and length' as grouped_by
    from with_first_length
),

with_length as (
    select * from by_isrc
    union all by name
    select * from near_isrc
    union all by name
    select * from by_length
),

-- A track that nobody looked up yet has no length: it joins the only recording of its title and artist, if it is one.
only_recording as (
    select
        title,
        artist_key,
        min(recording_key) as recording_key
    from with_length
    group by all
    having count(distinct recording_key) = 1
),

without_length as (
    select
        t.*,
        case
            when t.track_key = 'unknown' then 'unknown'
            when t.title is null or t.artist_key = 'unknown' then {{ surrogate_key(["'track'", 't.track_key']) }}
            else coalesce(o.recording_key, {{ surrogate_key(["'title'", 't.title', 't.artist_key']) }})
        end as recording_key,
        case
            when t.title is null or t.artist_key = 'unknown' then 'nothing known'
            else 'title and artist'
        end as grouped_by
    from tracks as t
    anti join with_length as w on t.track_key = w.track_key
    left join only_recording as o on t.title = o.title and t.artist_key = o.artist_key
),

final as (
    select
        track_key,
        recording_key,
        grouped_by
    from with_length
    union all
    select
        track_key,
        recording_key,
        grouped_by
    from without_length
)

select * from final
