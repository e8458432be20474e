-- A warehouse as schema version 3 made it: its tables as they were then, and a few rows. Never to be changed.
-- Plays as they were received: append-only JSON beside the few keys that name a row. All times are UTC.
create schema if not exists raw;

create table if not exists raw.spotify_recently_played (
    listener_id varchar not null,
    played_at timestamp not null,
    track_key varchar not null,
    payload json not null,
    source_file varchar not null,
    row_number bigint not null,
    run_id varchar not null,
    fetched_at timestamp not null,
    landed_at timestamp not null,
    primary key (listener_id, played_at, track_key)
);
comment on table raw.spotify_recently_played is
'One item seen in polls of recently-played; key: listener_id, played_at, track_key (the uri, else the names).';
comment on column raw.spotify_recently_played.played_at is 'About the end of the play, UTC, to the millisecond.';
comment on column raw.spotify_recently_played.source_file is 'Spool file below DATA_BASE_PATH.';
comment on column raw.spotify_recently_played.fetched_at is 'When the poll that first showed the item was answered.';

create table if not exists raw.spotify_streaming_history (
    listener_id varchar not null,
    export_id varchar not null,
    file_sha256 varchar not null,
    row_number bigint not null,
    format varchar not null,
    payload json not null,
    source_file varchar not null,
    fetched_at timestamp not null,
    landed_at timestamp not null
);
comment on table raw.spotify_streaming_history is
'One row of one export file; key: file_sha256 (of the file as Spotify wrote it), row_number (from 1).';
comment on column raw.spotify_streaming_history.export_id is 'Names the download that the file came in.';
comment on column raw.spotify_streaming_history.format is
'extended (lifetime history), endsong (until 2022), account_data (short, minutes only).';
comment on column raw.spotify_streaming_history.fetched_at is 'When the file was spooled; survives a rebuild.';

create table if not exists raw.api_responses (
    service varchar not null,
    entity varchar not null,
    entity_id varchar not null,
    version integer not null,
    payload_hash varchar not null,
    payload json not null,
    fetched_at timestamp not null,
    source_file varchar not null,
    landed_at timestamp not null,
    primary key (service, entity, entity_id, version)
);
comment on table raw.api_responses is
'One changed payload of one (service, entity, entity_id); version counts from 1.';

-- What was landed, what was refused and why, and copies of the state. All times are UTC.
create schema if not exists ops;

create table if not exists ops.landed_files (
    source_file varchar primary key,
    source varchar not null,
    entity varchar not null,
    listener_id varchar,
    export_id varchar,
    original_name varchar,
    original_sha256 varchar,
    fetched_at timestamp not null,
    rows_counted bigint not null,
    rows_landed bigint not null,
    rows_known bigint not null,
    rows_rejected bigint not null,
    landed_at timestamp not null
);
comment on table ops.landed_files is
'One spool or cache file landed: rows_counted (by another reader) = rows_landed + rows_known + rows_rejected.';
comment on column ops.landed_files.rows_known is 'Rows whose key was there already (an item seen in an earlier poll).';

create table if not exists ops.rejected_rows (
    source_file varchar not null,
    row_number bigint not null,
    reason varchar not null,
    detail varchar,
    payload varchar,
    rejected_at timestamp not null
);
comment on table ops.rejected_rows is 'One row that could not be landed, with its reason; payload is redacted and cut.';

create table if not exists ops.polls (
    poll_id varchar primary key,
    listener_id varchar not null,
    run_id varchar not null,
    polled_at timestamp not null,
    outcome varchar not null,
    items integer not null,
    new_items integer not null,
    known_items integer not null,
    oldest_played_at timestamp,
    newest_played_at timestamp,
    gap_from timestamp,
    gap_until timestamp,
    message varchar
);
comment on table ops.polls is
'One poll of recently-played. outcome: first, overlap, gap (a full page of 50 with nothing known), short (fewer than
50, all new), unchanged, empty, failed.';

create table if not exists ops.requests (
    request_id bigint primary key,
    run_id varchar not null,
    service varchar not null,
    bucket varchar not null,
    method varchar not null,
    endpoint varchar not null,
    requested_at timestamp not null,
    status integer,
    outcome varchar not null,
    duration_ms integer not null,
    waited_ms integer not null
);
comment on table ops.requests is 'One request sent, counted where it left; endpoint is a template, never an address.';

create table if not exists ops.service_state (
    service varchar not null,
    key varchar not null,
    value json not null,
    updated_at timestamp not null,
    primary key (service, key)
);
comment on table ops.service_state is 'One remembered fact about a service: blocked_until, capability, token dates.';

create table if not exists ops.schema_versions (
    version integer primary key,
    name varchar not null,
    applied_at timestamp not null
);
comment on table ops.schema_versions is 'One numbered schema file that this database has.';

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

-- What a listener had then.
insert into raw.spotify_recently_played values
('me', '2026-10-01 08:00:00.123', 'spotify:track:0000000000000000000001',
 '{"track":{"id":"0000000000000000000001","uri":"spotify:track:0000000000000000000001","name":"Song 1","artists":[{"id":"0000000000000000000001","name":"Band 1"}]},"played_at":"2026-10-01T08:00:00.123Z","context":null}',
 'src/spotify/recently_played/dt=2026-10-01/20261001T080030000000_run_00000001.ndjson.gz', 1, 'run',
 '2026-10-01 08:00:30', '2026-10-01 08:00:31');
insert into raw.spotify_streaming_history values
('me', 'export', 'aaaa', 1, 'extended',
 '{"ts":"2024-05-01T10:00:00Z","ms_played":180000,"master_metadata_track_name":"Song 2","master_metadata_album_artist_name":"Band 2","spotify_track_uri":"spotify:track:0000000000000000000002"}',
 'src/spotify/streaming_history/dt=2026-10-01/20261001T090000000000_run_00000002.ndjson.gz',
 '2026-10-01 09:00:00', '2026-10-01 09:00:01');
insert into raw.api_responses values
('spotify', 'artist', '0000000000000000000001', 1, 'hash', '{"id":"0000000000000000000001","name":"Band 1"}',
 '2026-10-01 10:00:00', 'cache/spotify/artist/dt=2026-10-01/20261001T100000000000_run_00000003.ndjson.gz',
 '2026-10-01 10:00:01');
insert into ops.landed_files values
('src/spotify/recently_played/dt=2026-10-01/20261001T080030000000_run_00000001.ndjson.gz', 'spotify',
 'recently_played', 'me', null, null, null, '2026-10-01 08:00:30', 1, 1, 0, 0, '2026-10-01 08:00:31');
insert into lookup.spotify_artists values
('0000000000000000000001', 'found', 0, null, '2026-10-01 10:00:00', 1, 'lookup',
 '{"id":"0000000000000000000001","name":"Band 1"}', null);
insert into ops.schema_versions values
(1, '001_raw', '2026-10-01 07:00:00'),
(2, '002_ops', '2026-10-01 07:00:00'),
(3, '003_lookup', '2026-10-01 07:00:00');
