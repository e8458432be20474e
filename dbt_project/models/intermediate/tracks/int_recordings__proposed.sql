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
        track_key,
        arg_min(artist_key, credit_position) as artist_key,
        string_agg(artist_key, ',' order by artist_key) as artist_keys
    from all_credits
    group by all
),

tracks as (
    select
        source_tracks.track_key,
        spotify_tracks.isrc,
        coalesce(spotify_tracks.duration_ms, source_tracks.duration_ms) as duration_ms,
        credits.artist_key,
        credits.artist_keys,
        {{ fold_name('coalesce(spotify_tracks.track_name, source_tracks.track_name)') }} as title
    from source_tracks
    left join spotify_tracks on source_tracks.spotify_track_id = spotify_tracks.spotify_track_id
    left join credits on source_tracks.track_key = credits.track_key
),

by_isrc as (
    select
        *,
        {{ surrogate_hash(["'isrc'", 'isrc']) }} as recording_key,
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
        arg_min(by_isrc.recording_key, (abs(by_isrc.duration_ms - without_isrc.duration_ms), by_isrc.isrc))
            as recording_key,
        'title, artists and length of an ISRC' as grouped_by
    from without_isrc
    inner join by_isrc
        on
            without_isrc.title = by_isrc.title
            and without_isrc.artist_keys = by_isrc.artist_keys
            and by_isrc.duration_ms between without_isrc.duration_ms - 2000 and without_isrc.duration_ms + 2000
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
            loose.title,
            loose.artist_keys,
            min(loose.duration_ms) as first_ms
        from anchors
        inner join loose
            on
                anchors.title = loose.title
                and anchors.artist_keys = loose.artist_keys
                and loose.duration_ms > anchors.first_ms + 2000
        group by loose.title, loose.artist_keys, anchors.first_ms
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
            and loose.artist_keys = first_lengths.artist_keys
            and loose.duration_ms >= first_lengths.first_ms
),

by_length as (
    select
        * exclude (first_ms),
        {{ surrogate_hash(["'length'", 'title', 'artist_keys', 'first_ms']) }} as recording_key,
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
        artist_key,
        min(recording_key) as recording_key
    from with_length
    group by all
    having count(distinct recording_key) = 1
),

without_length as (
    select
        tracks.*,
        case
            when tracks.track_key = 'unknown' then 'unknown'
            when tracks.title is null or tracks.artist_key = 'unknown'
                then {{ surrogate_hash(["'track'", 'tracks.track_key']) }}
            else coalesce(
                only_recording.recording_key, {{ surrogate_hash(["'title'", 'tracks.title', 'tracks.artist_key']) }}
            )
        end as recording_key,
        case
            when tracks.title is null or tracks.artist_key = 'unknown' then 'nothing known'
            else 'title and artist'
        end as grouped_by
    from tracks
    anti join with_length on tracks.track_key = with_length.track_key
    left join only_recording on tracks.title = only_recording.title and tracks.artist_key = only_recording.artist_key
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
