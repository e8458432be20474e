-- Plays as they were received: append-only JSON beside the few keys that name a row. All times are UTC.
create schema if not exists raw;

create table if not exists raw.spotify_recently_played (
    listener_id varchar not null,
    played_at timestamp not null,
    track_key varchar not null,
    payload json not null using compression zstd,
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
    payload json not null using compression zstd,
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
    payload json not null using compression zstd,
    fetched_at timestamp not null,
    source_file varchar not null,
    landed_at timestamp not null,
    primary key (service, entity, entity_id, version)
);
comment on table raw.api_responses is
'One changed payload of one (service, entity, entity_id); version counts from 1.';
