-- How much an artist was listened to: decides who is looked up first. All times are UTC.
create table if not exists lookup.artist_listening (
    artist_key varchar primary key,
    ms_played bigint not null,
    plays bigint not null
);
comment on table lookup.artist_listening is
'One artist_key of lookup.artist_aliases. An estimate from the raw rows, for the order of work and for `status`: the marts
say how much was really played.';
