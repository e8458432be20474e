"""The JSON of MusicBrainz: search items and lookups differ in many small things, and this is where.

Search leaves absent keys out, gives areas their type, genders in lower case, and a country only to artists whose own
area is a country. A lookup writes null, leaves area types out, and knows the containing country.
"""

from __future__ import annotations

from typing import Any

from sandbox.areas import Area
from sandbox.artists import Artist
from sandbox.catalogue import LABEL
from sandbox.mb_data import MusicBrainzData, Recording

Json = dict[str, Any]

PART_OF = "de7cc874-8b1b-3a05-8272-f3834c968fb7"
FREE_STREAMING = "769085a1-c2f7-4c24-a532-2375a77693bd"
ARTIST_TYPES = {
    "Person": "b6e035f4-3ce9-331c-97df-83397230b0df",
    "Group": "e431f5f6-b5d2-343d-8b36-72607fffb74b",
    "Other": "ac897045-5043-3294-969b-187360e45d86",
    "Character": "5c1375b0-f18d-3db7-a164-a49d7a63773f",
    "Orchestra": "a0b36c92-3eb1-3839-a4f9-4799823f54a5",
    "Choir": "6124967d-7e3a-3eba-b642-c9a2ffb44d94",
}
AREA_TYPES = {
    "Country": "06dd0ae4-8c74-30bb-b43d-95dcedf961de",
    "Subdivision": "fd3d44c5-80a1-3842-9745-2c4972d35afa",
    "City": "6fd8f29a-3d0a-32fc-980d-ea697b69da78",
    "Municipality": "17246454-5ce4-36d6-8c96-1c0ea5ef4b3a",
    "District": "84039871-5e47-38ca-a66a-45e512c8290f",
    "Island": "d77dc7d5-8c0f-3cd9-a4ac-c3bd9a1c0c40",
    "County": "bcecec27-8bdb-3e05-8f54-bb2ed7ad5f0a",
}
GENDERS = {"Male": "36d3d30a-839d-3eda-8cb3-29be4384e4a9", "Female": "93452b5a-a947-30c8-934f-6a4056b151c2"}
ALIAS_TYPES = {"artist": "894afba6-2816-3c24-8072-eadb66bd04bc", "area": "05380c36-6f17-3b6d-8f40-5a6f1f7f2f53"}


class Shapes:
    """Writes entities of one database as JSON."""

    def __init__(self, data: MusicBrainzData) -> None:
        self._data, self._map = data, data.world.map

    # Search items.

    def artist_hit(self, artist: Artist, score: int) -> Json:
        """Return an artist as a search result."""
        body: Json = {"id": artist.mbid, "score": score, "name": artist.name, "sort-name": artist.sort_name}
        if artist.type:
            body |= {"type": artist.type, "type-id": ARTIST_TYPES[artist.type]}
        if artist.gender:
            body |= {"gender-id": GENDERS[artist.gender], "gender": artist.gender.lower()}
        own = self._map.areas[artist.area] if artist.area else None
        if own and own.type == "Country" and own.iso_3166_1:
            body["country"] = own.iso_3166_1
        if own:
            body["area"] = _area_in_hit(own)
        if artist.begin_area:
            body["begin-area"] = _area_in_hit(self._map.areas[artist.begin_area])
        if artist.disambiguation:
            body["disambiguation"] = artist.disambiguation
        body["life-span"] = _life_span_in_hit(artist.life_begin, artist.life_end)
        if artist.tags:
            body["tags"] = [{"count": votes, "name": name} for name, votes in artist.tags]
        return body

    def area_hit(self, area: Area, score: int) -> Json:
        """Return an area as a search result: its parents one level up, and never its children."""
        body: Json = {
            "id": area.mbid,
            "type": area.type,
            "type-id": AREA_TYPES[area.type],
            "score": score,
            "name": area.name,
            "sort-name": area.name,
            **_codes(area),
            "life-span": _life_span_in_hit(None, area.life_span_end),
        }
        if area.english_alias:
            body["aliases"] = [
                {
                    "name": area.english_alias,
                    "sort-name": area.english_alias,
                    "locale": "en",
                    "type": "Area name",
                    "type-id": ALIAS_TYPES["area"],
                    "primary": True,
                    "begin-date": None,
                    "end-date": None,
                }
            ]
        if area.parents:
            links = [
                {
                    "type": "part of",
                    "type-id": PART_OF,
                    "target": parent,
                    "direction": "backward",
                    "area": _area_in_hit(self._map.areas[parent]),
                }
                for parent in area.parents
            ]
            body["relation-list"] = [{"relations": links}]
        return body

    def recording_hit(self, recording: Recording, score: int) -> Json:
        """Return a recording as a search result, with all its releases."""
        artist = self._data.world.artists[recording.artist]
        body: Json = {
            "id": recording.mbid,
            "score": score,
            "artist-credit-id": recording.mbid,
            "title": recording.title,
            "length": recording.length,
            "video": None,
            "artist-credit": self._credits(recording, in_hit=True),
            "first-release-date": recording.first_release,
            "releases": [self._release(recording, number) for number in recording.albums],
        }
        if recording.isrcs:
            body["isrcs"] = list(recording.isrcs)
        if artist.tags:
            body["tags"] = [{"count": votes, "name": name} for name, votes in artist.tags[:2]]
        return body

    # Lookups.

    def artist(self, artist: Artist, inc: set[str]) -> Json:
        """Return an artist as a lookup."""
        body: Json = {
            "id": artist.mbid,
            "name": artist.name,
            "sort-name": artist.sort_name,
            "type": artist.type,
            "type-id": ARTIST_TYPES[artist.type] if artist.type else None,
            "gender": artist.gender,
            "gender-id": GENDERS[artist.gender] if artist.gender else None,
            "country": self._map.country_code(artist.area) if artist.area else None,
            "area": self._area_in_lookup(artist.area),
            "begin-area": self._area_in_lookup(artist.begin_area),
            "end-area": None,
            "disambiguation": artist.disambiguation,
            "life-span": {"begin": artist.life_begin, "end": artist.life_end, "ended": artist.life_end is not None},
            "ipis": [],
            "isnis": [],
        }
        counted = sorted((name, votes) for name, votes in artist.tags if votes > 0)
        if "tags" in inc:
            body["tags"] = [{"count": votes, "name": name} for name, votes in counted]
        if "genres" in inc:
            body["genres"] = [
                {"id": self.genre_id(name), "name": name, "count": votes, "disambiguation": ""}
                for name, votes in counted
                if name in self._data.genres
            ]
        if "aliases" in inc:
            body["aliases"] = []
        if any(part.endswith("-rels") for part in inc):
            body["relations"] = self._pages(artist) if "url-rels" in inc else []
        return body

    def area(self, area: Area, inc: set[str]) -> Json:
        """Return an area as a lookup; with area-rels, its parents and its children."""
        body: Json = {
            "id": area.mbid,
            "name": area.name,
            "sort-name": area.name,
            "disambiguation": "",
            "type": area.type,
            "type-id": AREA_TYPES[area.type],
            **_codes(area),
            "life-span": {"begin": None, "end": area.life_span_end, "ended": area.life_span_end is not None},
        }
        if "aliases" in inc:
            body["aliases"] = []
        if "area-rels" in inc:
            parents = [(self._map.areas[parent], "backward") for parent in area.parents]
            children = [(child, "forward") for child in self._map.children(area.mbid)]
            body["relations"] = [
                {
                    **_relation("part of", PART_OF, "area", direction, ended=other.life_span_end is not None),
                    "area": _area_in_relation(other),
                }
                for other, direction in (*parents, *children)
            ]
        elif any(part.endswith("-rels") for part in inc):
            body["relations"] = []
        return body

    def url(self, spotify_id: str, resource: str, inc: set[str]) -> Json:
        """Return what is known about a Spotify page."""
        index = self._data.world.ids.spotify_number("artist", spotify_id)
        assert index is not None
        body: Json = {"id": self._data.world.ids.mbid("url", index), "resource": resource}
        if any(part.endswith("-rels") for part in inc):
            links = self._data.links(spotify_id) if "artist-rels" in inc else []
            body["relations"] = [
                {
                    **_relation("free streaming", FREE_STREAMING, "artist", "backward", ended=link.ended),
                    "artist": self._artist_in_relation(self._data.world.artists[link.artist]),
                }
                for link in links
            ]
        return body

    def isrc_recording(self, recording: Recording, inc: set[str]) -> Json:
        """Return a recording as it stands in the lookup of an ISRC."""
        body: Json = {
            "id": recording.mbid,
            "title": recording.title,
            "length": recording.length,
            "video": False,
            "disambiguation": "",
            "first-release-date": recording.first_release,
        }
        if "artist-credits" in inc:
            body["artist-credit"] = self._credits(recording, in_hit=False)
        if "isrcs" in inc:
            body["isrcs"] = list(recording.isrcs)
        return body

    def genre(self, name: str) -> Json:
        """Return one genre of the list of all."""
        return {"id": self.genre_id(name), "name": name, "disambiguation": ""}

    def genre_id(self, name: str) -> str:
        """Return the (invented) MBID of a genre."""
        return self._data.world.ids.mbid("genre", self._data.genres[name])

    # Parts.

    def _artist_in_relation(self, artist: Artist) -> Json:
        return {
            "id": artist.mbid,
            "name": artist.name,
            "sort-name": artist.sort_name,
            "type": artist.type,
            "type-id": ARTIST_TYPES[artist.type] if artist.type else None,
            "country": self._map.country_code(artist.area) if artist.area else None,
            "disambiguation": artist.disambiguation,
        }

    def _credits(self, recording: Recording, *, in_hit: bool) -> list[Json]:
        artists = [self._data.world.artists[index] for index in (recording.artist, *recording.guests)]
        credited = []
        for place, artist in enumerate(artists):
            who: Json = {"id": artist.mbid, "name": artist.name, "sort-name": artist.sort_name}
            if artist.disambiguation or not in_hit:
                who["disambiguation"] = artist.disambiguation
            if not in_hit:
                who = self._artist_in_relation(artist)
            credit: Json = {"name": artist.name, "artist": who}
            if place < len(artists) - 1:
                credit["joinphrase"] = " feat. " if place == 0 else " & "
            elif not in_hit:
                credit["joinphrase"] = ""
            credited.append(credit)
        return credited

    def _release(self, recording: Recording, number: int) -> Json:
        album = self._data.world.catalogue.of(recording.artist).albums[number]
        tracks = [track for track in album.tracks if track.name == recording.title]
        return {
            "id": self._data.world.ids.mbid("release", recording.artist << 8 | number),
            "status": "Official",
            "count": 1,
            "title": album.name,
            "date": album.released,
            "country": "XW",
            "label-info": [{"label": {"name": LABEL}}],
            "release-group": {"primary-type": album.kind.capitalize(), "title": album.name},
            "track-count": len(album.tracks),
            "media": [
                {
                    "position": 1,
                    "format": "Digital Media",
                    "track": [
                        {"number": str(track.position), "title": track.name, "length": track.duration_ms}
                        for track in tracks
                    ],
                    "track-count": len(album.tracks),
                    "track-offset": 0,
                }
            ],
        }

    def _area_in_lookup(self, mbid: str | None) -> Json | None:
        if mbid is None:
            return None
        area = self._map.areas[mbid]
        return {
            "id": area.mbid,
            "name": area.name,
            "sort-name": area.name,
            "disambiguation": "",
            "type": None,
            "type-id": None,
            **_codes(area),
        }

    def _pages(self, artist: Artist) -> list[Json]:
        world = self._data.world
        return [
            {
                **_relation("free streaming", FREE_STREAMING, "url", "forward", ended=link.ended),
                "url": {
                    "id": world.ids.mbid("url", page),
                    "resource": f"https://open.spotify.com/artist/{world.catalogue.artist_id(page)}",
                },
            }
            for page, links in world.cast.links.items()
            for link in links
            if link.artist == artist.index
        ]


def _area_in_hit(area: Area) -> Json:
    return {
        "id": area.mbid,
        "type": area.type,
        "type-id": AREA_TYPES[area.type],
        "name": area.name,
        "sort-name": area.name,
        "life-span": {"ended": True if area.life_span_end else None},
    }


def _area_in_relation(area: Area) -> Json:
    return {
        "id": area.mbid,
        "name": area.name,
        "sort-name": area.name,
        "disambiguation": "",
        "type": area.type,
        "type-id": AREA_TYPES[area.type],
        **_codes(area),
    }


def _codes(area: Area) -> Json:
    codes = {}
    if area.iso_3166_1:
        codes["iso-3166-1-codes"] = [area.iso_3166_1]
    if area.iso_3166_2:
        codes["iso-3166-2-codes"] = [area.iso_3166_2]
    return codes


def _life_span_in_hit(begin: str | None, end: str | None) -> Json:
    span: Json = {"begin": begin} if begin else {}
    if end:
        span["end"] = end
    span["ended"] = True if end else None
    return span


def _relation(kind: str, kind_id: str, target: str, direction: str, *, ended: bool) -> Json:
    return {
        "type": kind,
        "type-id": kind_id,
        "target-type": target,
        "direction": direction,
        "begin": None,
        "end": None,
        "ended": ended,
        "attributes": [],
        "attribute-ids": {},
        "attribute-values": {},
        "source-credit": "",
        "target-credit": "",
    }
