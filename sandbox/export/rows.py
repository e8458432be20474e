"""One play as the rows that Spotify's exports have for it, written by hand as JSON text, quirks included.

Extended history (newer and older files), the legacy endsong format, and the short account data.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from random import Random

from sandbox.world.plays import Play, Spoken
from sandbox.world.sessions import PLATFORMS
from sandbox.world.world import World

USERNAME = "sandbox.listener"
_NAMELESS = (
    '"master_metadata_track_name":null,"master_metadata_album_artist_name":null,'
    '"master_metadata_album_album_name":null,'
)
OLD_UNTIL = int(datetime(2024, 10, 1, tzinfo=UTC).timestamp())
_ALL_BITS = (1 << 64) - 1
USER_AGENT = "Sandbox%20Player/1.0 (unknown)"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an export: its text, and the truth about it.

    kind: play (the first row of a play), exact_duplicate, or near_duplicate (some seconds later, the same otherwise).
    """

    play_id: int
    kind: str
    ts_s: int
    text: str


class RowWriter:
    """Writes rows of one file. `legacy`: with user name and agent; `audiobooks`: with the columns of audiobooks.

    All else follows from the play alone, so the same play has the same rows in every export: rows of before OLD_UNTIL
    have null for a track that was not skipped and count offline_timestamp in milliseconds.
    """

    def __init__(self, world: World, *, legacy: bool, audiobooks: bool) -> None:
        self._catalogue, self._habits = world.catalogue, world.settings.habits
        self._names = [artist.page_name for artist in world.artists]
        self._salt = zlib.crc32(f"{world.settings.seed}/{world.settings.listener}".encode())
        self._various = world.various_artists is not None
        self._legacy, self._audiobooks = legacy, audiobooks
        self._track_text = lru_cache(maxsize=None)(self._track)

    def rows(self, play: Play) -> list[Row]:
        """Return the rows of one play: one, rarely two."""
        bits = _scattered(play.play_id ^ self._salt << 32)
        address = _address(bits)
        made = [Row(play.play_id, "play", play.ts_s, self._text(play, play.ts_s, address))]
        draw = (bits >> 40) / (1 << 24)
        if play.offline:
            # Equal rows of an offline session are real plays; a duplicate among them could not be distinguished.
            return made
        if draw < self._habits.exact_duplicate:
            made.append(Row(play.play_id, "exact_duplicate", play.ts_s, made[0].text))
        elif draw > 1 - self._habits.near_duplicate and play.track:
            later = play.ts_s + 2 + bits % 8
            made.append(Row(play.play_id, "near_duplicate", later, self._text(play, later, address)))
        return made

    def _text(self, play: Play, ts_s: int, address: str) -> str:
        shuffle, offline = _bool(play.shuffle), _bool(play.offline)
        old = play.ts_s < OLD_UNTIL
        if old and play.play_id % 61 == 7:
            shuffle, offline = "null", "true" if play.offline else "null"
        platform = json.dumps(PLATFORMS[play.platform])
        skipped = "null" if old and not play.skipped else _bool(play.skipped)
        start = play.offline_timestamp
        stamp = "null" if start is None else str(start * 1000 if old and start > 1000 else start)
        if self._legacy:
            head = f'"username":"{USERNAME}","platform":{platform}'
            tail_of_head = f'"ip_addr_decrypted":{address},"user_agent_decrypted":"{USER_AGENT}",'
        else:
            head, tail_of_head = f'"platform":{platform}', f'"ip_addr":{address},'
        return (
            f'{{"ts":"{_iso(ts_s)}",{head},"ms_played":{play.ms_played},"conn_country":"{play.country}",'
            f"{tail_of_head}{self._what(play)}"
            f'"reason_start":"{play.reason_start}","reason_end":"{play.reason_end}","shuffle":{shuffle},'
            f'"skipped":{skipped},"offline":{offline},"offline_timestamp":{stamp},'
            f'"incognito_mode":{_bool(play.incognito)}}}'
        )

    def _what(self, play: Play) -> str:
        if isinstance(play.item, Spoken):
            return f'{_NAMELESS}"spotify_track_uri":null,{_spoken(play.item, self._audiobooks)}'
        names, uri = self._track_text(play.item.artist, play.item.number)
        if play.nameless:
            names = _NAMELESS
        if play.local or play.without_uri:
            uri = "null"
        return f'{names}"spotify_track_uri":{uri},{_spoken(None, self._audiobooks)}'

    def _track(self, artist: int, number: int) -> tuple[str, str]:
        track = self._catalogue.of(artist).tracks[number]
        album_artist = "Various Artists" if track.album.various and self._various else self._names[artist]
        names = (
            f'"master_metadata_track_name":{_quote(track.name)},'
            f'"master_metadata_album_artist_name":{_quote(album_artist)},'
            f'"master_metadata_album_album_name":{_quote(track.album.name)},'
        )
        return names, f'"spotify:track:{self._catalogue.track_id(track)}"'


def account_row(world: World, play: Play, *, mixed: bool) -> tuple[str, str]:
    """Return (music | podcast | audiobook, the row of the short account data) for a play.

    Older downloads (`mixed`) have one kind of row only: an episode is a track, a show an artist.
    """
    end = datetime.fromtimestamp(play.ts_s, UTC).strftime("%Y-%m-%d %H:%M")
    if isinstance(play.item, Spoken):
        kind = "podcast" if play.item.kind == "episode" else "audiobook"
        first, second = ("podcastName", "episodeName") if kind == "podcast" else ("audiobookName", "chapterName")
        if mixed:
            kind, first, second = "music", "artistName", "trackName"
        names = {first: play.item.collection, second: play.item.title}
    elif play.nameless:
        kind, names = "music", {"artistName": "Unknown Artist", "trackName": "Unknown Track"}
    else:
        artist = world.artists[play.item.artist].page_name
        kind, names = "music", {"artistName": artist, "trackName": play.item.name}
    return kind, json.dumps({"endTime": end, **names, "msPlayed": play.ms_played}, ensure_ascii=False)


@cache
def _spoken(item: Spoken | None, audiobooks: bool) -> str:
    episode = show = uri = title = book = chapter = chapter_title = "null"
    if item is not None and item.kind == "episode":
        episode, show = _quote(item.title), _quote(item.collection)
        uri = f'"spotify:episode:{_fake_id(f"{item.collection}/{item.number}")}"'
    if item is not None and item.kind == "chapter":
        title, chapter_title = _quote(item.collection), _quote(item.title)
        book, chapter = (
            f'"spotify:show:{_fake_id(item.collection)}"',
            f'"spotify:episode:{_fake_id(f"{item.collection}/{item.number}")}"',
        )
    text = f'"episode_name":{episode},"episode_show_name":{show},"spotify_episode_uri":{uri},'
    if audiobooks:
        text += (
            f'"audiobook_title":{title},"audiobook_uri":{book},"audiobook_chapter_uri":{chapter},'
            f'"audiobook_chapter_title":{chapter_title},'
        )
    return text


@lru_cache(maxsize=4096)
def _fake_id(text: str) -> str:
    return "".join(Random(text).choices("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", k=22))


def _address(bits: int) -> str:
    """Return an address of the ranges that are kept for documentation, quoted; sometimes cut, v6, or null."""
    draw, low, high = bits % 100, bits >> 7 & 0xFFFF, bits >> 23 & 0xFFFF
    if draw < 2:
        return "null"
    if draw < 12:
        return f'"2001:db8:{low:x}::{high:x}"'
    return f'"203.0.113.{"x" if draw < 20 else 1 + low % 254}"'


def _scattered(number: int) -> int:
    """Return 64 bits that look random and follow from the number."""
    value = (number + 0x9E3779B97F4A7C15) & _ALL_BITS
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _ALL_BITS
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _ALL_BITS
    return value ^ value >> 31


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _bool(value: bool) -> str:
    return "true" if value else "false"
