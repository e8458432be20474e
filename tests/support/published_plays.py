"""A published file made by hand: only the columns of the marts that an export reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from extract_load.core.settings import Settings

_TABLES = """
create schema marts;
create table marts.fct_plays (
    play_key bigint, listener_id varchar, track_key bigint, artist_key bigint, album_key bigint,
    started_at timestamp, ended_at timestamp, local_started_at timestamp, time_zone varchar, ms_played bigint,
    play_source varchar, time_grade varchar, platform varchar, listener_country_code varchar, reason_start varchar,
    reason_end varchar, is_shuffle boolean, is_offline boolean, is_incognito boolean, is_skip boolean,
    is_play_any boolean, is_play_spotify30 boolean, is_play_lastfm boolean, is_play_completed boolean,
    is_assumed boolean, is_near_duplicate boolean, is_excluded boolean, exclusion_reason varchar
);
create table marts.dim_track (
    track_key bigint, spotify_track_id varchar, isrc varchar, track_name varchar, catalogue_status varchar,
    duration_ms bigint
);
create table marts.dim_artist (artist_key bigint, artist_name varchar, mbid varchar, is_on_spotify boolean);
create table marts.dim_album (album_key bigint, album_name varchar);
insert into marts.dim_track values (0, null, null, 'unknown', 'pending', null);
insert into marts.dim_artist values (0, 'unknown', null, false);
insert into marts.dim_album values (0, 'unknown');
"""


@dataclass(frozen=True, slots=True)
class Play:
    """One play; a name of None is what the marts call unknown."""

    track: str | None
    artist: str | None
    album: str | None = "Album"
    at: str = "2024-05-01 12:00:00"
    status: str = "found"
    is_incognito: bool | None = None
    is_assumed: bool = False
    is_play: bool = True
    duration_ms: int | None = 183_000
    mbid: str | None = None
    is_on_spotify: bool = True


def publish_by_hand(settings: Settings, plays: list[Play]) -> None:
    """Write the published file; each play has a track, an artist and an album of its own."""
    settings.published_path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute(_TABLES)
        for number, play in enumerate(plays):
            artist_key = 0 if play.artist is None else number + 1
            title = "unknown" if play.track is None else play.track
            track = [number + 1, f"id{number}", "QMAAA2400001", title, play.status]
            connection.execute("insert into marts.dim_track values (?, ?, ?, ?, ?, ?)", [*track, play.duration_ms])
            if play.artist is not None:
                artist = [artist_key, play.artist, play.mbid, play.is_on_spotify]
                connection.execute("insert into marts.dim_artist values (?, ?, ?, ?)", artist)
            connection.execute("insert into marts.dim_album values (?, ?)", [number + 1, play.album or "unknown"])
            at = datetime.fromisoformat(play.at)
            row = [number, "me", number + 1, artist_key, number + 1, at, at, at, "UTC", 61_000]
            told = ["export", "second", "ios", "DE", "clickrow", "trackdone", False, False, play.is_incognito, False]
            rules = [play.is_play, play.is_play, play.is_play, play.is_play, play.is_assumed, False, False, None]
            connection.execute(f"insert into marts.fct_plays values ({', '.join('?' * 28)})", [*row, *told, *rules])
