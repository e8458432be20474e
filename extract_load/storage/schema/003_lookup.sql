-- What the services told us: one row per key, with status, attempts and the latest version. All times are UTC.
create schema if not exists lookup;

create table if not exists lookup.artist_aliases (
    alias_kind varchar not null check (alias_kind in ('spotify_id', 'export_name', 'mbid', 'former_key')),
    alias varchar not null,
    artist_key varchar not null,
    name varchar,
    first_seen_at timestamp not null,
    primary key (alias_kind, alias)
);
comment on table lookup.artist_aliases is
'One way in which an artist is known -> artist_key. export_name aliases are folded (lower case, no accents).';

create table if not exists lookup.spotify_artists (
    spotify_artist_id varchar primary key,
    status varchar not null check (status in ('found', 'not_found', 'gone', 'failed', 'review')),
    attempts integer not null,
    next_attempt_at timestamp,
    fetched_at timestamp,
    version integer,
    origin varchar,
    payload json,
    message varchar
);
comment on table lookup.spotify_artists is 'One Spotify artist id.';

create table if not exists lookup.spotify_albums (
    spotify_album_id varchar primary key,
    status varchar not null check (status in ('found', 'not_found', 'gone', 'failed', 'review')),
    attempts integer not null,
    next_attempt_at timestamp,
    fetched_at timestamp,
    version integer,
    origin varchar,
    payload json,
    message varchar
);
comment on table lookup.spotify_albums is 'One Spotify album id; payload without its tracks, which are in spotify_tracks.';

create table if not exists lookup.spotify_tracks (
    spotify_track_id varchar primary key,
    status varchar not null check (status in ('found', 'not_found', 'gone', 'failed', 'review')),
    attempts integer not null,
    next_attempt_at timestamp,
    fetched_at timestamp,
    version integer,
    origin varchar,
    payload json,
    message varchar
);
comment on table lookup.spotify_tracks is
'One Spotify track id. origin: track (read by itself: has an ISRC), recently_played (as full), album (simplified, no ISRC;
payload then carries album: {id, name, release_date, ...}).';

create table if not exists lookup.musicbrainz_matches (
    artist_key varchar primary key,
    status varchar not null check (status in ('found', 'not_found', 'gone', 'failed', 'review')),
    mbid varchar,
    method varchar,
    score double,
    evidence json,
    attempts integer not null,
    next_attempt_at timestamp,
    matched_at timestamp,
    message varchar
);
comment on table lookup.musicbrainz_matches is
'One artist_key -> MBID. method: manual, url, isrc, name; score 0 to 1; below the bar the status is review.';

create table if not exists lookup.musicbrainz_artists (
    mbid varchar primary key,
    status varchar not null check (status in ('found', 'not_found', 'gone', 'failed', 'review')),
    canonical_mbid varchar,
    country_code varchar,
    attempts integer not null,
    next_attempt_at timestamp,
    fetched_at timestamp,
    version integer,
    origin varchar,
    payload json,
    message varchar
);
comment on table lookup.musicbrainz_artists is
'One MBID of an artist. canonical_mbid differs from mbid after a merge; country_code is the containment-aware one that the
URL batch or a lookup gave. payload is the search document (area, begin-area, type, gender, life-span, tags).';

create table if not exists lookup.musicbrainz_areas (
    area_mbid varchar primary key,
    status varchar not null check (status in ('found', 'not_found', 'gone', 'failed', 'review')),
    parent_area_mbid varchar,
    country_code varchar,
    attempts integer not null,
    next_attempt_at timestamp,
    fetched_at timestamp,
    version integer,
    origin varchar,
    payload json,
    message varchar
);
comment on table lookup.musicbrainz_areas is
'One MBID of an area. parent_area_mbid is the chosen parent; country_code the ISO 3166-1 code of itself or an ancestor.';

create table if not exists lookup.musicbrainz_genres (
    genre varchar primary key,
    fetched_at timestamp not null
);
comment on table lookup.musicbrainz_genres is 'One name of the MusicBrainz genre list.';

create table if not exists lookup.area_coordinates (
    area_mbid varchar primary key,
    status varchar not null check (status in ('found', 'not_found', 'gone', 'failed', 'review')),
    latitude double,
    longitude double,
    precision varchar,
    method varchar,
    confidence double,
    attribution varchar,
    attempts integer not null,
    next_attempt_at timestamp,
    located_at timestamp,
    message varchar
);
comment on table lookup.area_coordinates is
'One MBID of an area -> WGS 84 degrees; precision: city, district, municipality, county, island, subdivision, country, parent.';
