-- What a listener had: a poll, a row of an export, an answer. Columns that later schema files added are left out.
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
