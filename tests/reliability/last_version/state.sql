BEGIN TRANSACTION;
CREATE TABLE polls (
    poll_id text primary key, listener_id text not null, run_id text not null, polled_at text not null,
    outcome text not null, items integer not null, new_items integer not null, known_items integer not null,
    oldest_played_at text, newest_played_at text, gap_from text, gap_until text, message text
);
INSERT INTO "polls" VALUES('e1c656b8fe214c26ba11ff5c62e173c3','me','life','2026-11-01 18:00:00.000000','first',50,50,0,'2026-09-26 12:51:55.501000','2026-11-01 09:08:28.982000',NULL,NULL,'50 new plays, 0 known.');
INSERT INTO "polls" VALUES('0b7b57f0839f486f82b941501c4318b0','me','life','2026-11-02 18:00:00.000000','overlap',50,2,48,'2026-09-27 16:28:04.274000','2026-11-02 13:15:20.365000',NULL,NULL,'2 new plays, 48 known.');
CREATE TABLE requests (
    request_id integer primary key autoincrement, run_id text not null, service text not null, bucket text not null,
    method text not null, endpoint text not null, requested_at text not null, status integer, outcome text not null,
    duration_ms integer not null, waited_ms integer not null
);
INSERT INTO "requests" VALUES(1,'life','spotify','token','POST','/api/token','2026-11-01 18:00:00.000000',200,'ok',22,0);
INSERT INTO "requests" VALUES(2,'life','spotify','me','GET','/v1/me','2026-11-01 18:00:00.000000',200,'ok',15,0);
INSERT INTO "requests" VALUES(3,'life','spotify','recently_played','GET','/v1/me/player/recently-played','2026-11-01 18:00:00.000000',200,'ok',90,0);
INSERT INTO "requests" VALUES(4,'life','spotify','tracks:batch','GET','/v1/tracks','2026-11-01 18:00:00.000000',403,'refused 403',21,0);
INSERT INTO "requests" VALUES(5,'life','spotify','tracks','GET','/v1/tracks/{id}','2026-11-01 18:00:00.000000',200,'ok',18,0);
INSERT INTO "requests" VALUES(6,'life','spotify','tracks','GET','/v1/tracks/{id}','2026-11-01 18:00:00.000000',200,'ok',27,0);
INSERT INTO "requests" VALUES(7,'life','spotify','tracks','GET','/v1/tracks/{id}','2026-11-01 18:00:00.000000',200,'ok',3,0);
INSERT INTO "requests" VALUES(8,'life','spotify','tracks','GET','/v1/tracks/{id}','2026-11-01 18:00:00.000000',200,'ok',4,0);
INSERT INTO "requests" VALUES(9,'life','spotify','tracks','GET','/v1/tracks/{id}','2026-11-01 18:00:00.000000',200,'ok',32,0);
INSERT INTO "requests" VALUES(10,'life','spotify','tracks','GET','/v1/tracks/{id}','2026-11-01 18:00:00.000000',200,'ok',23,0);
INSERT INTO "requests" VALUES(11,'life','spotify','tracks','GET','/v1/tracks/{id}','2026-11-01 18:00:00.000000',200,'ok',26,0);
INSERT INTO "requests" VALUES(12,'life','spotify','tracks','GET','/v1/tracks/{id}','2026-11-01 18:00:00.000000',200,'ok',11,0);
INSERT INTO "requests" VALUES(13,'life','spotify','tracks','GET','/v1/tracks/{id}','2026-11-01 18:00:00.000000',200,'ok',15,0);
INSERT INTO "requests" VALUES(14,'life','spotify','albums:batch','GET','/v1/albums','2026-11-01 18:00:00.000000',403,'refused 403',14,0);
INSERT INTO "requests" VALUES(15,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',2,0);
INSERT INTO "requests" VALUES(16,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',5,0);
INSERT INTO "requests" VALUES(17,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',2,0);
INSERT INTO "requests" VALUES(18,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',2,0);
INSERT INTO "requests" VALUES(19,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',32,0);
INSERT INTO "requests" VALUES(20,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',36,0);
INSERT INTO "requests" VALUES(21,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',47,0);
INSERT INTO "requests" VALUES(22,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',36,0);
INSERT INTO "requests" VALUES(23,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',39,0);
INSERT INTO "requests" VALUES(24,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',34,0);
INSERT INTO "requests" VALUES(25,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',90,0);
INSERT INTO "requests" VALUES(26,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',23,0);
INSERT INTO "requests" VALUES(27,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',86,0);
INSERT INTO "requests" VALUES(28,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',47,0);
INSERT INTO "requests" VALUES(29,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',82,0);
INSERT INTO "requests" VALUES(30,'life','spotify','albums','GET','/v1/albums/{id}','2026-11-01 18:00:00.000000',200,'ok',37,0);
INSERT INTO "requests" VALUES(31,'life','spotify','artists:batch','GET','/v1/artists','2026-11-01 18:00:00.000000',403,'refused 403',82,0);
INSERT INTO "requests" VALUES(32,'life','spotify','artists','GET','/v1/artists/{id}','2026-11-01 18:00:00.000000',200,'ok',66,0);
INSERT INTO "requests" VALUES(33,'life','spotify','artists','GET','/v1/artists/{id}','2026-11-01 18:00:00.000000',200,'ok',9,0);
INSERT INTO "requests" VALUES(34,'life','spotify','artists','GET','/v1/artists/{id}','2026-11-01 18:00:00.000000',200,'ok',16,0);
INSERT INTO "requests" VALUES(35,'life','spotify','artists','GET','/v1/artists/{id}','2026-11-01 18:00:00.000000',200,'ok',49,0);
INSERT INTO "requests" VALUES(36,'life','spotify','artists','GET','/v1/artists/{id}','2026-11-01 18:00:00.000000',200,'ok',11,0);
INSERT INTO "requests" VALUES(37,'life','spotify','artists','GET','/v1/artists/{id}','2026-11-01 18:00:00.000000',200,'ok',63,0);
INSERT INTO "requests" VALUES(38,'life','musicbrainz','/ws/2/genre/all','GET','/ws/2/genre/all','2026-11-01 18:00:00.000000',200,'ok',22,0);
INSERT INTO "requests" VALUES(39,'life','musicbrainz','/ws/2/url','GET','/ws/2/url','2026-11-01 18:00:00.000000',200,'ok',36,0);
INSERT INTO "requests" VALUES(40,'life','musicbrainz','/ws/2/recording','GET','/ws/2/recording','2026-11-01 18:00:00.000000',200,'ok',16,0);
INSERT INTO "requests" VALUES(41,'life','musicbrainz','/ws/2/artist','GET','/ws/2/artist','2026-11-01 18:00:00.000000',200,'ok',21,0);
INSERT INTO "requests" VALUES(42,'life','musicbrainz','/ws/2/area','GET','/ws/2/area','2026-11-01 18:00:00.000000',200,'ok',25,0);
INSERT INTO "requests" VALUES(43,'life','musicbrainz','/ws/2/area','GET','/ws/2/area','2026-11-01 18:00:00.000000',200,'ok',40,0);
INSERT INTO "requests" VALUES(44,'life','spotify','token','POST','/api/token','2026-11-02 18:00:00.000000',200,'ok',39,0);
INSERT INTO "requests" VALUES(45,'life','spotify','recently_played','GET','/v1/me/player/recently-played','2026-11-02 18:00:00.000000',200,'ok',50,0);
CREATE TABLE runs (
    run_id text primary key, flow text not null, name text not null, environment text not null,
    started_at text not null, ended_at text, status text not null, message text,
    host text not null, pid integer not null, pid_started real not null
);
INSERT INTO "runs" VALUES('run-1','spotify-ingestion','by hand','development','2026-11-02 18:00:00.000000','2026-11-02 18:00:00.000000','success','All is well.','vm',23553,1795779703.92);
CREATE TABLE service_state (
    service text not null, key text not null, value text not null, updated_at text not null,
    primary key (service, key)
);
INSERT INTO "service_state" VALUES('spotify','token','{"authorized_at": "2026-11-01 18:00:00.000000", "token": "9e95920b0f3a05d6"}','2026-11-01 18:00:00.000000');
INSERT INTO "service_state" VALUES('listener','account:me','["717f6da340ff6915", "b5a9a94af89d1091"]','2026-11-01 18:00:00.000000');
INSERT INTO "service_state" VALUES('spotify','account_checked','"9e95920b0f3a05d6"','2026-11-01 18:00:00.000000');
INSERT INTO "service_state" VALUES('spotify','answer:me','"0bc5acad6dc5f6b3544ee6bc564a1af981c768ebb3eccf08607f71743dc55d3d"','2026-11-02 18:00:00.000000');
INSERT INTO "service_state" VALUES('spotify','seen:me','{"keys": ["058e4086cc33a6156656", "d34c90b4691f4107e966", "197ca8d3982f50e25eae", "a4095f36e20b3c097c49", "ccf73362e6379fef4a89", "25d13d0eebc130f710f6", "ccceabea43026bb26f35", "eed770a4b814e5ccbe14", "892d679d9ef6a7c23336", "da8b236e0d0c5705cdf0", "dc0a94d9e6be1d06ab46", "5fa4eed31983d35a37a4", "d25220ef240e313b0eb5", "4379c7198a4c8974ab42", "ea6ce12acba1378c051b", "01d8cd0b59e664b33ae3", "542f39160176e25e664a", "851b8b398dfc6d368b00", "e8ec8cc5139bed596d4f", "b58c6f2c3fb66384aacd", "4bfda021f50ddc547fad", "2b421068892415b4b43c", "b6023ac054c4ca063f5f", "2982cfd5163e2eb52606", "12cf9078f4a347658492", "a18ae6c2bbc6e0dbf8e2", "42d441263057f287379d", "76a01e52e4e4f5090db6", "51bc2c30228ec5a1f9ca", "0c2062e7e8c904c79c0b", "2e652c942cfc87f59f15", "81990d98740a17ff89fa", "3aa29001f58908072ad1", "4d5f610d9f581f18a70e", "a162da3561f6bb5bc2c3", "4137a41627e23e9f24e8", "1842db72683909eebc0b", "c8df2f21f06b9c1fdfd3", "882891d646a7c994e3d0", "d415e2653e19cdd9ed67", "a3f2bf56af2fc695e752", "666a84e3d1b5c03ef37f", "314fc7627b555821ca26", "cdd169126857a988a110", "62faf68d66f81d394c37", "80534c5bfda792a2d7b7", "50f7ed2e5c71d0d1c05f", "398676e86bac8b769272", "b668f8a2b8432e4cda26", "6b96827df46918baa937", "5ec9a90405598769e9f2", "4be469230ea2502f06b8"], "newest": "2026-11-02 13:15:20.365000"}','2026-11-02 18:00:00.000000');
INSERT INTO "service_state" VALUES('spotify','capability:batch:track','{"works": false, "checked_at": "2026-11-01 18:00:00.000000"}','2026-11-01 18:00:00.000000');
INSERT INTO "service_state" VALUES('spotify','capability:single:track','{"works": true, "checked_at": "2026-11-01 18:00:00.000000"}','2026-11-01 18:00:00.000000');
INSERT INTO "service_state" VALUES('spotify','capability:batch:album','{"works": false, "checked_at": "2026-11-01 18:00:00.000000"}','2026-11-01 18:00:00.000000');
INSERT INTO "service_state" VALUES('spotify','capability:single:album','{"works": true, "checked_at": "2026-11-01 18:00:00.000000"}','2026-11-01 18:00:00.000000');
INSERT INTO "service_state" VALUES('spotify','capability:batch:artist','{"works": false, "checked_at": "2026-11-01 18:00:00.000000"}','2026-11-01 18:00:00.000000');
INSERT INTO "service_state" VALUES('spotify','capability:single:artist','{"works": true, "checked_at": "2026-11-01 18:00:00.000000"}','2026-11-01 18:00:00.000000');
INSERT INTO "service_state" VALUES('spotify','backlog','{"tracks": 0, "albums": 0, "artists": 0, "share_enriched": 1.0}','2026-11-01 18:00:00.000000');
INSERT INTO "service_state" VALUES('aliases','edition','"((17, datetime.datetime(2026, 11, 1, 18, 0)), 71, 50, 213, 24)"','2026-11-01 18:00:00.000000');
INSERT INTO "service_state" VALUES('musicbrainz','backlog','{"matched": 6, "in_review": 0, "unmatched": 0, "waiting": 0, "listening_share": {"matched": 1.0, "in_review": 0.0, "unmatched": 0.0, "waiting": 0.0}, "without_facts": 0, "areas": 11, "at": "2026-11-01 18:00:00"}','2026-11-01 18:00:00.000000');
INSERT INTO "service_state" VALUES('publish','last','{"at": "2026-11-02 18:00:00.000000", "tables": 3, "views": 0, "rows": 154}','2026-11-02 18:00:00.000000');
INSERT INTO "service_state" VALUES('keeping','forgotten:20261101T180000-64b26b00','true','2026-11-01 18:00:00.000000');
CREATE TABLE task_runs (
    run_id text not null, task text not null, attempt integer not null, started_at text not null,
    seconds real not null, status text not null, counts text not null, requests integer not null,
    waited_seconds real not null, message text,
    primary key (run_id, task, attempt)
);
CREATE INDEX requests_by_bucket on requests (service, bucket, requested_at);
CREATE INDEX polls_by_time on polls (listener_id, polled_at);
CREATE INDEX runs_by_flow on runs (flow, started_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('requests',45);
COMMIT;
