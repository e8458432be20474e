-- What the listener wanted forgotten, and which spool files hold a whole day. All times are UTC.
create table if not exists ops.forgotten (
    forget_id varchar not null,
    number integer not null,
    forgotten_at timestamp not null,
    kind varchar not null,
    listener_id varchar,
    reaches_from timestamp,
    reaches_until timestamp,
    subjects integer not null,
    note varchar,
    source_file varchar not null,
    landed_at timestamp not null,
    primary key (forget_id, number)
);
comment on table ops.forgotten is
'One rule of one `music-tracker forget`: what and when, never the content (subjects are kept hashed, in the spool).';
comment on column ops.forgotten.kind is 'play, artist or span.';
comment on column ops.forgotten.reaches_from is 'Plays that ended from here on are reached; null: from the beginning.';
comment on column ops.forgotten.reaches_until is 'Plays that ended until here are reached; null: for ever.';
comment on column ops.forgotten.subjects is 'How many hashed tracks or artists the rule names; 0: all of the time span.';

create table if not exists ops.compacted_files (
    source_file varchar primary key,
    bytes bigint not null,
    members integer not null,
    compacted_at timestamp not null
);
comment on table ops.compacted_files is
'One file that holds all spool files of a day, each a member with its lasting name; its members are in landed_files.';
