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
