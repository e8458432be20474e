"""One play as the rows that Spotify's exports have for it, written by hand as JSON text, quirks included.

Extended history (newer and older files), the legacy endsong format, and the short account data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from random import Random

from sandbox.catalogue import Catalogue, Track
from sandbox.listener import PLATFORMS
from sandbox.plays import Play, Spoken

USERNAME = "sandbox.listener"
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
    """Writes rows of one format: "extended", "extended_old" (no audiobook columns, skipped often null), "legacy"."""

    def __init__(self, catalogue: Catalogue, artist_names: list[str], various: str, style: str) -> None:
        self._catalogue, self._names, self._various = catalogue, artist_names, various
        self._legacy = style == "legacy"
        self._audiobooks = style == "extended"
        self._null_skips = style != "extended"
        self._track_text = lru_cache(maxsize=None)(self._track)

    def rows(self, play: Play, random: Random) -> list[Row]:
        """Return the rows of one play: one, rarely two."""
        address = _address(random)
        made = [Row(play.play_id, "play", play.ts_s, self._text(play, play.ts_s, address))]
        draw = random.random()
        if draw < 0.002:
            made.append(Row(play.play_id, "exact_duplicate", play.ts_s, made[0].text))
        elif draw < 0.0026 and play.track and not play.offline:
            later = play.ts_s + random.randint(2, 9)
            made.append(Row(play.play_id, "near_duplicate", later, self._text(play, later, address)))
        return made

    def _text(self, play: Play, ts_s: int, address: str) -> str:
        platform = json.dumps(PLATFORMS[play.platform])
        skipped = "null" if self._null_skips and not play.skipped else _bool(play.skipped)
        stamp = "null" if play.offline_timestamp is None else str(self._stamp(play))
        if self._legacy:
            head = f'"username":"{USERNAME}","platform":{platform}'
            tail_of_head = f'"ip_addr_decrypted":{address},"user_agent_decrypted":"{USER_AGENT}",'
        else:
            head, tail_of_head = f'"platform":{platform}', f'"ip_addr":{address},'
        return (
            f'{{"ts":"{_iso(ts_s)}",{head},"ms_played":{play.ms_played},"conn_country":"{play.country}",'
            f"{tail_of_head}{self._what(play)}"
            f'"reason_start":"{play.reason_start}","reason_end":"{play.reason_end}","shuffle":{_bool(play.shuffle)},'
            f'"skipped":{skipped},"offline":{_bool(play.offline)},"offline_timestamp":{stamp},'
            f'"incognito_mode":{_bool(play.incognito)}}}'
        )

    def _stamp(self, play: Play) -> int:
        assert play.offline_timestamp is not None
        # Older files count milliseconds.
        return play.offline_timestamp * (1000 if self._null_skips and play.offline_timestamp > 1000 else 1)

    def _what(self, play: Play) -> str:
        if isinstance(play.item, Track):
            text = self._track_text(play.item.artist, play.item.number)
            uri = "null" if play.local else f'"spotify:track:{self._catalogue.track_id(play.item)}"'
            music = f'{text}"spotify_track_uri":{uri},'
            return music + _spoken(None, self._audiobooks)
        nothing = (
            '"master_metadata_track_name":null,"master_metadata_album_artist_name":null,'
            '"master_metadata_album_album_name":null,"spotify_track_uri":null,'
        )
        return nothing + _spoken(play.item, self._audiobooks)

    def _track(self, artist: int, number: int) -> str:
        track = self._catalogue.of(artist).tracks[number]
        album_artist = self._various if track.album.various else self._names[artist]
        return (
            f'"master_metadata_track_name":{_quote(track.name)},'
            f'"master_metadata_album_artist_name":{_quote(album_artist)},'
            f'"master_metadata_album_album_name":{_quote(track.album.name)},'
        )


def account_row(play: Play, artist_names: list[str]) -> tuple[str, str]:
    """Return (music | podcast | audiobook, the row of the short account data) for a play."""
    end = datetime.fromtimestamp(play.ts_s, UTC).strftime("%Y-%m-%d %H:%M")
    if isinstance(play.item, Spoken):
        kind = "podcast" if play.item.kind == "episode" else "audiobook"
        first, second = ("podcastName", "episodeName") if kind == "podcast" else ("audiobookName", "chapterName")
        names = {first: play.item.collection, second: play.item.title}
    else:
        track = play.track
        kind = "music"
        names = {
            "artistName": artist_names[track.artist] if track else "Unknown Artist",
            "trackName": track.name if track else "Unknown Track",
        }
    return kind, json.dumps({"endTime": end, **names, "msPlayed": play.ms_played}, ensure_ascii=False)


def _spoken(item: Spoken | None, audiobooks: bool) -> str:
    episode = show = uri = title = book = chapter = chapter_title = "null"
    if item is not None and item.kind == "episode":
        episode, show = _quote(item.title), _quote(item.collection)
        uri = f'"spotify:episode:{_spoken_id(item)}"'
    if item is not None and item.kind == "chapter":
        title, chapter_title = _quote(item.collection), _quote(item.title)
        book, chapter = f'"spotify:show:{_book_id(item)}"', f'"spotify:episode:{_spoken_id(item)}"'
    text = f'"episode_name":{episode},"episode_show_name":{show},"spotify_episode_uri":{uri},'
    if audiobooks:
        text += (
            f'"audiobook_title":{title},"audiobook_uri":{book},"audiobook_chapter_uri":{chapter},'
            f'"audiobook_chapter_title":{chapter_title},'
        )
    return text


def _spoken_id(item: Spoken) -> str:
    return _fake_id(f"{item.collection}/{item.number}")


def _book_id(item: Spoken) -> str:
    return _fake_id(item.collection)


@lru_cache(maxsize=4096)
def _fake_id(text: str) -> str:
    return "".join(Random(text).choices("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", k=22))


def _address(random: Random) -> str:
    """Return an address of the ranges that are kept for documentation, quoted; sometimes cut, v6, or null."""
    draw = random.random()
    if draw < 0.02:
        return "null"
    if draw < 0.12:
        return f'"2001:db8:{random.randrange(65536):x}::{random.randrange(65536):x}"'
    last = "x" if draw < 0.2 else str(random.randrange(1, 255))
    return f'"203.0.113.{last}"'


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@cache
def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _bool(value: bool) -> str:
    return "true" if value else "false"
