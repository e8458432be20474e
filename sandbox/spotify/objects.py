"""The JSON objects of the Web API, in the fields of a development-mode or an extended-quota app.

Fields that the service took away from development mode are absent, not empty.
"""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

from sandbox.spotify.recently_played import FeedItem
from sandbox.world.artists import Artist
from sandbox.world.discography import LABEL, Album, Track
from sandbox.world.plays import Play
from sandbox.world.world import World

MARKETS = ["AT", "BR", "CH", "DE", "FR", "GB", "JP", "US"]

Json = dict[str, Any]


class SpotifyObjects:
    """Writes objects of one world. `base` is the address of the API that hrefs point at."""

    def __init__(self, world: World, *, extended: bool) -> None:
        self._world, self.extended = world, extended
        self._catalogue = world.catalogue

    def artist_link(self, index: int, base: str) -> Json:
        """Return the simplified artist."""
        spotify_id = self._catalogue.artist_id(index)
        return {**_head("artist", spotify_id, base), "name": self._world.artists[index].page_name}

    def artist(self, artist: Artist, base: str) -> Json:
        """Return the full artist."""
        random = Random(artist.index)
        body = {
            **self.artist_link(artist.index, base),
            "images": _images(f"artist/{artist.index}") if random.random() < 0.95 else [],
        }
        if self.extended:
            body["followers"] = {"href": None, "total": random.randrange(200, 9_000_000)}
            body["popularity"] = random.randrange(5, 95)
            body["genres"] = [name for name, votes in artist.tags if votes > 1][:3]
        return body

    def album_link(self, album: Album, base: str) -> Json:
        """Return the simplified album, as it stands inside a track."""
        spotify_id = self._catalogue.album_id(album)
        body = {
            **_head("album", spotify_id, base),
            "album_type": album.kind,
            "artists": self._album_artists(album, base),
            "images": _images(f"album/{album.artist}/{album.number}"),
            # After a takedown the name is empty.
            "name": "" if (album.artist * 31 + album.number) % 331 == 7 else album.name,
            "release_date": album.released,
            "release_date_precision": album.precision,
            "total_tracks": len(album.tracks),
        }
        if self.extended:
            body["available_markets"] = MARKETS
        return body

    def album(self, album: Album, base: str) -> Json:
        """Return the full album with the first fifty of its tracks."""
        body = {
            **self.album_link(album, base),
            "tracks": self.album_tracks(album, base, limit=50, offset=0),
            "copyrights": [{"text": f"{album.released[:4]} {LABEL}", "type": "P"}],
            "external_ids": {"upc": f"0{album.artist:06d}{album.number:05d}"},
            "genres": [],
        }
        if self.extended:
            body["label"] = LABEL
            body["popularity"] = Random(album.artist << 8 | album.number).randrange(1, 90)
        return body

    def album_tracks(self, album: Album, base: str, *, limit: int, offset: int) -> Json:
        """Return one page of the simplified tracks of an album."""
        href = f"{base}/albums/{self._catalogue.album_id(album)}/tracks"
        page = [self.track_link(track, base) for track in album.tracks[offset : offset + limit]]
        return paged(page, href, {}, limit=limit, offset=offset, total=len(album.tracks))

    def track_link(self, track: Track, base: str, *, relinked: bool = False) -> Json:
        """Return the simplified track."""
        spotify_id = self._catalogue.track_id(track, relinked=relinked)
        body = {
            **_head("track", spotify_id, base),
            "artists": [self.artist_link(index, base) for index in track.artists],
            "disc_number": track.disc,
            "duration_ms": track.duration_ms,
            "explicit": track.explicit,
            "is_local": False,
            "name": track.name,
            "preview_url": None,
            "track_number": track.position,
        }
        if self.extended:
            body["available_markets"] = MARKETS
        return body

    def track(self, track: Track, base: str, *, relinked: bool = False, market: bool = False) -> Json:
        """Return the full track."""
        body = {
            **self.track_link(track, base, relinked=relinked),
            "album": self.album_link(track.album, base),
            "external_ids": {"isrc": track.isrc} if track.isrc else {},
        }
        if market:
            body["is_playable"] = True
        if self.extended:
            body["popularity"] = Random(track.artist << 12 | track.number).randrange(0, 90)
            if market and relinked and track.relinked:
                body["linked_from"] = _head("track", self._catalogue.track_id(track), base)
        return body

    def recent_item(self, item: FeedItem, base: str) -> Json:
        """Return one item of recently-played."""
        track = item.play.track
        assert track is not None
        body = self.track(track, base, relinked=True)
        if item.play.local:
            _make_local(body)
        return {
            "track": body,
            "played_at": iso_ms(item.played_at_ms),
            "context": self._context(item.play, track, base),
        }

    def _context(self, play: Play, track: Track, base: str) -> Json | None:
        if play.context == "playlist":
            spotify_id = self._world.ids.spotify("playlist", track.artist % 12)
        elif play.context == "album":
            spotify_id = self._catalogue.album_id(track.album)
        elif play.context == "artist":
            spotify_id = self._catalogue.artist_id(track.artist)
        else:
            return None
        head = _head(play.context, spotify_id, base)
        del head["id"]
        return head

    def _album_artists(self, album: Album, base: str) -> list[Json]:
        various = self._world.various_artists
        index = various if album.various and various is not None else album.artist
        return [self.artist_link(index, base)]


def paged(items: list[Json], href: str, query: dict[str, str], *, limit: int, offset: int, total: int) -> Json:
    """Return a page with links to its neighbours."""

    def link(start: int) -> str:
        words = "&".join([*(f"{key}={value}" for key, value in query.items()), f"offset={start}", f"limit={limit}"])
        return f"{href}?{words}"

    return {
        "href": link(offset),
        "items": items,
        "limit": limit,
        "next": link(offset + limit) if offset + limit < total else None,
        "offset": offset,
        "previous": link(max(0, offset - limit)) if offset > 0 else None,
        "total": total,
    }


def iso_ms(stamp: int) -> str:
    """Return milliseconds since 1970 as the API writes times."""
    moment = datetime.fromtimestamp(stamp // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{stamp % 1000:03d}Z"


def _head(kind: str, spotify_id: str, base: str) -> Json:
    return {
        "external_urls": {"spotify": f"https://open.spotify.com/{kind}/{spotify_id}"},
        "href": f"{base}/{kind}s/{spotify_id}",
        "id": spotify_id,
        "type": kind,
        "uri": f"spotify:{kind}:{spotify_id}",
    }


def _images(key: str) -> list[Json]:
    name = f"{Random(key).getrandbits(96):024x}"
    return [
        {"height": size, "url": f"https://i.scdn.co/image/sandbox{name}{size}", "width": size}
        for size in (640, 300, 64)
    ]


def _make_local(track: Json) -> None:
    names = (track["artists"][0]["name"], track["album"]["name"], track["name"])
    spelled = ":".join(name.replace(" ", "+") for name in names)
    seconds = track["duration_ms"] // 1000
    track.update(id=None, href=None, is_local=True, external_ids={}, external_urls={}, popularity=0)
    track["uri"] = f"spotify:local:{spelled}:{seconds}"
    for part in (*track["artists"], track["album"]):
        part.update(id=None, href=None, uri=None, external_urls={})
    track["album"].update(artists=[], images=[], release_date=None, release_date_precision=None, album_type=None)
