"""Fills the raw tables with plays of one listener or many, quickly, for benchmarks of the transformation.

In: a DuckDB connection whose default catalogue has the schema of `extract_load/storage/schema`. Out: rows of
raw.spotify_streaming_history (two overlapping exports), raw.spotify_recently_played, ops.landed_files and ops.polls.
Always holds: the same arguments give the same rows. Many listeners have an equal share each, in files, exports and
polls of their own, and listen to the same artists. The world is plain: track n (0 to 6 * artists - 1) has the id
'BenchTrack' + n, is by artist n % artists ('BenchArtist' + n) and on album n // 4 ('BenchAlbum' + n), each zero-padded
to 22 characters.
"""

from __future__ import annotations

import duckdb

LAST_PLAY = "2026-11-20 07:00:00"
LISTENER = "me"


def spotify_id(kind: str, number: str) -> str:
    """Return the SQL expression of an id of 22 characters; kind is Track, Artist or Album, number an expression."""
    prefix = f"Bench{kind}"
    return f"'{prefix}' || lpad(cast({number} as varchar), {22 - len(prefix)}, '0')"


def fill_raw_plays(
    connection: duckdb.DuckDBPyConnection, plays: int = 1_000_000, artists: int = 10_000, listeners: int = 1
) -> None:
    """Make `plays` real plays, with loops, skips, relinked ids, start stamps, lag and offline plays among them.

    All but the newest 0.5 % are in a new export, the first 30 % in an old one too, the newest 5 % in polls. One
    listener is called 'me', many 'listener0' and so on.
    """
    connection.execute("set variable listeners = ?", [listeners])
    connection.execute("set variable artists = ?", [artists])
    connection.execute("set variable plays = ?", [plays])
    connection.execute(_TRUTH)
    _fill_exports(connection)
    _fill_polls(connection)
    connection.execute("drop table bench_truth")


def _fill_exports(connection: duckdb.DuckDBPyConnection) -> None:
    for export, until, day in (("old", 0.3, "2019-02-01"), ("new", 0.995, "2026-11-01")):
        connection.execute(
            f"""
            insert into raw.spotify_streaming_history
            select
                listener_id, 'bench-{export}' || suffix, md5('{export}' || (number // 16000) || suffix),
                1 + number % 16000, 'extended',
                to_json({{
                    'ts': strftime(ended_at, '%Y-%m-%dT%H:%M:%SZ'), 'platform': 'android', 'ms_played': ms_played,
                    'conn_country': 'DE',
                    'master_metadata_track_name': 'Song ' || track,
                    'master_metadata_album_artist_name': 'Band ' || artist,
                    'master_metadata_album_album_name': 'Record ' || track // 4,
                    'spotify_track_uri': 'spotify:track:' || {spotify_id("Track", "track")},
                    'episode_name': null, 'episode_show_name': null, 'spotify_episode_uri': null,
                    'audiobook_title': null, 'audiobook_uri': null,
                    'audiobook_chapter_uri': null, 'audiobook_chapter_title': null,
                    'reason_start': 'trackdone', 'reason_end': if(is_skip, 'fwdbtn', 'trackdone'),
                    'shuffle': i % 3 = 0, 'skipped': is_skip, 'offline': is_offline,
                    'offline_timestamp': if(is_offline, epoch_ms(ended_at) // 1000 - ms_played // 1000, null),
                    'incognito_mode': is_incognito
                }}),
                'spotify/streaming_history/bench-{export}' || suffix || '-' || (number // 16000) || '.ndjson.gz',
                timestamp '{day}', timestamp '{day}'
            from bench_truth
            where i < {until} * getvariable('plays')
            """
        )
    connection.execute(
        """
        insert into ops.landed_files
        select
            source_file, 'spotify', 'streaming_history', listener_id, export_id,
            'Streaming_History_Audio_' || row_number() over (partition by export_id order by source_file) || '.json',
            file_sha256, any_value(fetched_at), count(*), count(*), 0, 0, any_value(landed_at)
        from raw.spotify_streaming_history
        group by source_file, listener_id, export_id, file_sha256
        """
    )


def _fill_polls(connection: duckdb.DuckDBPyConnection) -> None:
    for statement in (_POLLED, _POLLED_ITEMS, _POLLS, _POLLED_FILES, "drop table bench_polled"):
        connection.execute(statement)


# Grain: one real play, in order; `number` counts those of its listener. Dice are hashes of `i`, so that a run can be
# repeated exactly.
_TRUTH = f"""
create or replace temporary table bench_truth as
with numbered as (
    select
        i, hash(i) % 1000 as dice, hash(i + 1000000007) % 1000000 / 1000000.0 as choice,
        i // getvariable('listeners') as number,
        if(getvariable('listeners') = 1, '', '-' || i % getvariable('listeners')) as suffix,
        if(suffix = '', '{LISTENER}', 'listener' || i % getvariable('listeners')) as listener_id
    from range(getvariable('plays')) as numbers (i)
),
-- A loop repeats the play before it.
songs as (
    select
        *,
        cast(floor(6 * getvariable('artists') * pow(choice, 3)) as bigint) as own_track,
        lag(own_track, 1, own_track) over (partition by listener_id order by i) as track_before
    from numbered
),
lengths as (
    select
        i, dice, number, suffix, listener_id,
        if(dice < 50, track_before, own_track) as track,
        track % getvariable('artists') as artist,
        120000 + 1000 * (hash(track) % 240) as duration_ms,
        dice between 700 and 949 as is_skip,
        if(is_skip, hash(i + 7) % 90000, duration_ms) as ms_played,
        if(hash(i + 3) % 14 = 0, 2400000, hash(i + 5) % 3000) as pause_ms,
        dice between 60 and 89 as is_offline,
        dice between 90 and 99 as is_incognito
    from songs
)
select
    *,
    timestamp '{LAST_PLAY}' - to_milliseconds(
        cast(
            sum(ms_played + pause_ms) over (partition by listener_id order by i desc rows unbounded preceding) as bigint
        )
    ) + to_milliseconds(ms_played) as ended_at
from lengths
"""

# What a poll every half hour would have seen of the newest plays.
_POLLED = f"""
create or replace temporary table bench_polled as
with listed as (
    select
        *,
        case
            when dice between 100 and 119 then ended_at - to_milliseconds(ms_played)
            when dice between 120 and 139 then ended_at + to_milliseconds(hash(i) % 60000)
            else ended_at + to_milliseconds(hash(i) % 3000)
        end as played_at,
        {spotify_id("Track", "if(dice between 140 and 149, 6 * getvariable('artists') + track, track)")} as track_id
    from bench_truth
    where i >= 0.95 * getvariable('plays') and ms_played >= 30000 and not is_incognito
)
select
    *,
    epoch_ms(played_at) // 1800000 as poll,
    make_timestamp((poll + 1) * 1800000000) as polled_at
from listed
"""

_POLLED_ITEMS = f"""
insert into raw.spotify_recently_played
select
    listener_id, played_at, 'spotify:track:' || track_id,
    to_json({{
        'track': {{
            'id': track_id, 'uri': 'spotify:track:' || track_id, 'name': 'Song ' || track,
            'duration_ms': duration_ms, 'explicit': false, 'is_local': false, 'type': 'track',
            'external_ids': {{'isrc': 'BENCH' || lpad(track::varchar, 7, '0')}},
            'artists': [{{
                'id': {spotify_id("Artist", "artist")}, 'name': 'Band ' || artist, 'type': 'artist'
            }}],
            'album': {{
                'id': {spotify_id("Album", "track // 4")}, 'name': 'Record ' || track // 4,
                'release_date': '2001', 'release_date_precision': 'year', 'album_type': 'album',
                'artists': [{{'id': {spotify_id("Artist", "artist")}, 'name': 'Band ' || artist}}]
            }}
        }},
        'played_at': strftime(played_at, '%Y-%m-%dT%H:%M:%S.%gZ'),
        'context': if(i % 2 = 0, {{'type': 'playlist', 'uri': 'spotify:playlist:' || (i % 300)}}, null)
    }}),
    'spotify/recently_played/bench-' || poll || suffix || '.ndjson.gz', number % 50, 'bench', polled_at, polled_at
from bench_polled
"""

_POLLS = """
insert into ops.polls
select
    'poll-' || poll || suffix, listener_id, 'bench', polled_at,
    if(poll = min(poll) over (partition by listener_id), 'first', 'overlap'),
    50, count(*), 50 - count(*), min(played_at), max(played_at), null, null, null
from bench_polled
group by listener_id, suffix, poll, polled_at
"""

_POLLED_FILES = """
insert into ops.landed_files
select
    source_file, 'spotify', 'recently_played', listener_id, null, null, null, any_value(fetched_at),
    count(*), count(*), 0, 0, any_value(landed_at)
from raw.spotify_recently_played
group by source_file, listener_id
"""
