-- Over 120 lines: four ways to group tracks, each over what the ones before it left.
-- Which tracks are one recording: one ISRC, else one title and the same artists within two seconds of length.
-- Never in chains: each group has a first length, and nothing further than two seconds from it is let in.
with

source_tracks as (
    select * from {{ ref('int_plays__source_tracks') }}
),

all_credits as (
    select * from {{ ref('int_tracks__credited') }}
),

spotify_tracks as (
    select * from {{ ref('stg_spotify__tracks') }}
),

credits as (
    select
        track_hash,
        arg_min(artist_hash, credit_position) as artist_hash,
        string_agg(artist_hash, ',' order by artist_hash) as artist_hashes
    from all_credits
    group by all
),

tracks as (
    select
        source_tracks.track_hash,
        spotify_tracks.isrc,
        coalesce(spotify_tracks.duration_ms, source_tracks.duration_ms) as duration_ms,
        credits.artist_hash,
        credits.artist_hashes,
        -- To fold a name takes more than all the rest.
        case
            when spotify_tracks.track_name is not null then spotify_tracks.folded_name
            else {{ fold_name('source_tracks.track_name') }}
        end as title
    from source_tracks
    left join spotify_tracks on source_tracks.spotify_track_id = spotify_tracks.spotify_track_id
    left join credits on source_tracks.track_hash = credits.track_hash
),

by_isrc as (
    select
        *,
        {{ surrogate_hash(["'isrc'", 'isrc']) }} as recording_hash,
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
        without_isrc.*,
        arg_min(by_isrc.recording_hash, (abs(by_isrc.duration_ms - without_isrc.duration_ms), by_isrc.isrc))
            as recording_hash,
        'title, artists and length of an ISRC' as grouped_by
    from without_isrc
    inner join by_isrc
        on
            without_isrc.title = by_isrc.title
            and without_isrc.artist_hashes = by_isrc.artist_hashes
            and by_isrc.duration_ms between without_isrc.duration_ms - 2000 and without_isrc.duration_ms + 2000
    group by all
),

loose as (
    select * from without_isrc anti join near_isrc using (track_hash)
),

first_lengths as (
    with recursive anchors as (
        select
            title,
            artist_hashes,
            min(duration_ms) as first_ms
        from loose
        group by all
        union all
        select
            loose.title,
            loose.artist_hashes,
            min(loose.duration_ms) as first_ms
        from anchors
        inner join loose
            on
                anchors.title = loose.title
                and anchors.artist_hashes = loose.artist_hashes
                and loose.duration_ms > anchors.first_ms + 2000
        group by loose.title, loose.artist_hashes, anchors.first_ms
    )

    select * from anchors
),

with_first_length as (
    select
        loose.*,
        first_lengths.first_ms
    from loose
    asof join first_lengths
        on
            loose.title = first_lengths.title
            and loose.artist_hashes = first_lengths.artist_hashes
            and loose.duration_ms >= first_lengths.first_ms
),

by_length as (
    select
        * exclude (first_ms),
        {{ surrogate_hash(["'length'", 'title', 'artist_hashes', 'first_ms']) }} as recording_hash,
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

-- A track that was not looked up yet has no length: it joins the only recording of its title and artist, if it is one.
only_recording as (
    select
        title,
        artist_hash,
        min(recording_hash) as recording_hash
    from with_length
    group by all
    having count(distinct recording_hash) = 1
),

without_length as (
    select
        tracks.*,
        case
            when tracks.track_hash = 'unknown' then 'unknown'
            when tracks.title is null or tracks.artist_hash = 'unknown'
                then {{ surrogate_hash(["'track'", 'tracks.track_hash']) }}
            else coalesce(
                only_recording.recording_hash, {{ surrogate_hash(["'title'", 'tracks.title', 'tracks.artist_hash']) }}
            )
        end as recording_hash,
        case
            when tracks.title is null or tracks.artist_hash = 'unknown' then 'nothing known'
            else 'title and artist'
        end as grouped_by
    from tracks
    anti join with_length on tracks.track_hash = with_length.track_hash
    left join only_recording on tracks.title = only_recording.title and tracks.artist_hash = only_recording.artist_hash
),

final as (
    select
        track_hash,
        recording_hash,
        grouped_by
    from with_length
    union all
    select
        track_hash,
        recording_hash,
        grouped_by
    from without_length
)

select * from final
