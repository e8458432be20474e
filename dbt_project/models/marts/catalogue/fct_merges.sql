with

all_plays as (
    select * from {{ ref('fct_plays') }}
),

tracks as (
    select * from {{ ref('dim_track') }}
    where track_key <> 0
),

credits as (
    select * from {{ ref('int_tracks__credited') }}
    where credit_position = 1 and artist_hash <> 'unknown' and alias is not null
),

aliases as (
    select * from {{ ref('int_artists__aliased') }}
),

proposed as (
    select * from {{ ref('int_artists__proposed') }}
),

plays as (
    select
        listener_id,
        track_key,
        count(*) as plays,
        sum(ms_played) as ms
    from all_plays
    where is_counted
    group by all
),

-- One row for each member of a recording or an artist: a track, or a name or page under which the artist is credited.
members as (
    select
        plays.listener_id,
        'recording' as kind,
        tracks.recording_key as merged_key,
        tracks.track_hash as member_key,
        coalesce(tracks.spotify_track_id, tracks.track_hash) as member,
        tracks.artist_name || ' - ' || tracks.track_name || ' (' || tracks.album_name || ')' as member_name,
        tracks.recording_grouped_by as reason,
        plays.plays,
        plays.ms
    from plays
    inner join tracks on plays.track_key = tracks.track_key
    union all
    select
        plays.listener_id,
        'artist' as kind,
        {{ key_of_hash('credits.artist_hash') }} as merged_key,
        credits.alias_kind || '|' || credits.alias as member_key,
        credits.alias as member,
        aliases.artist_name || if(credits.alias_kind = 'export_name', ' (a name)', ' (a Spotify page)') as member_name,
        case
            when proposed.artist_hash <> aliases.artist_hash then 'merged by hand'
            when credits.alias_kind = 'export_name' then 'the one artist of that name'
            else 'one MusicBrainz identity'
        end as reason,
        sum(plays.plays) as plays,
        sum(plays.ms) as ms
    from plays
    inner join credits on plays.track_key = {{ key_of_hash('credits.track_hash') }}
    inner join aliases on credits.alias_kind = aliases.alias_kind and credits.alias = aliases.alias
    inner join proposed on credits.alias_kind = proposed.alias_kind and credits.alias = proposed.alias
    group by all
),

-- What is most listened to is what the others were merged into.
ranked as (
    select
        *,
        first_value(member_name) over biggest_first as into_name,
        row_number() over biggest_first as place
    from members
    window biggest_first as (partition by listener_id, kind, merged_key order by ms desc, member_key)
),

final as (
    select
        {{ surrogate_key(['listener_id', 'kind', 'merged_key', 'member_key']) }} as merge_key,
        listener_id,
        kind,
        merged_key,
        member,
        member_name,
        into_name,
        reason,
        cast(plays as integer) as plays,
        {{ minutes('ms') }} as minutes,
        kind || ',keep_apart,'
        || if(regexp_matches(member, '[",\n\r]'), '"' || replace(member, '"', '""') || '"', member) || ',,'
            as line_to_keep_apart
    from ranked
    where place > 1
)

select * from final
