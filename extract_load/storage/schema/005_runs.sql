-- What the runs did: copies of the state, made at the end of each run. All times are UTC.
create table if not exists ops.runs (
    run_id varchar primary key,
    flow varchar not null,
    name varchar not null,
    environment varchar not null,
    started_at timestamp not null,
    ended_at timestamp,
    status varchar not null,
    message varchar
);
comment on table ops.runs is
'One run of a flow. status: running, success, no_updates, partial (work is left), failed, cancelled, crashed (its process died).';
comment on column ops.runs.run_id is 'The id that Prefect shows, where a server was there; else one of our own.';

create table if not exists ops.task_runs (
    run_id varchar not null,
    task varchar not null,
    attempt integer not null,
    started_at timestamp not null,
    seconds double not null,
    status varchar not null,
    counts json not null,
    requests integer not null,
    waited_seconds double not null,
    message varchar,
    primary key (run_id, task, attempt)
);
comment on table ops.task_runs is
'One attempt at one task of a run: what it counted, the requests it sent, the seconds it waited for its turn.';
