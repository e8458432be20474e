-- How much a track was listened to: decides what the Spotify catalogue is asked first. All times are UTC.
create table if not exists lookup.track_listening (
    spotify_track_id varchar primary key,
    ms_played bigint not null,
    plays bigint not null,
    album_group varchar not null
);
comment on table lookup.track_listening is
'One Spotify track id that was played. An estimate from the raw rows, for the order of work; album_group is the folded
name of artist and album as the row told it: one album read is likely to answer all of a group.';
