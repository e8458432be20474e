"""Lookups of one entity: absent values are null, an artist's area has no type, its country is the containing one."""

from __future__ import annotations

from sandbox.musicbrainz.data import MusicBrainzData, Recording
from sandbox.musicbrainz.fragments import (
    AREA_ALIAS,
    ARTIST_ALIAS,
    ARTIST_TYPES,
    FREE_STREAMING,
    GENDERS,
    PART_OF,
    Json,
    aliases,
    area_in_lookup,
    area_in_relation,
    artist_in_relation,
    relation,
)
from sandbox.world.areas import Area
from sandbox.world.artists import Artist


class Lookups:
    """Writes lookups of one database; `inc` is what the request asked to include."""

    def __init__(self, data: MusicBrainzData) -> None:
        self._data, self._map = data, data.world.map

    def artist(self, artist: Artist, inc: set[str]) -> Json:
        """Return an artist."""
        ended = artist.life_end is not None
        body: Json = {
            "id": artist.mbid,
            "name": artist.name,
            "sort-name": artist.sort_name,
            "type": artist.type,
            "type-id": ARTIST_TYPES[artist.type] if artist.type else None,
            "gender": artist.gender,
            "gender-id": GENDERS[artist.gender] if artist.gender else None,
            "country": self._map.country_code(artist.area) if artist.area else None,
            "area": area_in_lookup(self._map.areas[artist.area]) if artist.area else None,
            "begin-area": area_in_lookup(self._map.areas[artist.begin_area]) if artist.begin_area else None,
            "end-area": None,
            "disambiguation": artist.disambiguation,
            "life-span": {"begin": artist.life_begin, "end": artist.life_end, "ended": ended},
            "ipis": [],
            "isnis": [],
        }
        counted = sorted((name, votes) for name, votes in artist.tags if votes > 0)
        if "tags" in inc:
            body["tags"] = [{"count": votes, "name": name} for name, votes in counted]
        if "genres" in inc:
            genres = [(name, votes) for name, votes in counted if name in self._data.genres]
            body["genres"] = [{**self.genre(name), "count": votes} for name, votes in genres]
        if "aliases" in inc:
            body["aliases"] = aliases(artist.alias, ARTIST_ALIAS, in_hit=False)
        if _wants_relations(inc):
            body["relations"] = self._pages(artist) if "url-rels" in inc else []
        return body

    def area(self, area: Area, inc: set[str]) -> Json:
        """Return an area; with area-rels, its parents (backward) and its children (forward)."""
        ended = area.life_span_end is not None
        body: Json = {
            **area_in_relation(area),
            "life-span": {"begin": None, "end": area.life_span_end, "ended": ended},
        }
        if "aliases" in inc:
            body["aliases"] = aliases(area.english_alias, AREA_ALIAS, in_hit=False)
        if _wants_relations(inc):
            body["relations"] = self._neighbours(area) if "area-rels" in inc else []
        return body

    def url(self, spotify_id: str, resource: str, inc: set[str]) -> Json:
        """Return what is known about a Spotify page."""
        world = self._data.world
        index = world.ids.spotify_number("artist", spotify_id)
        assert index is not None
        body: Json = {"id": world.ids.mbid("url", index), "resource": resource}
        if _wants_relations(inc):
            links = self._data.links(spotify_id) if "artist-rels" in inc else []
            body["relations"] = [
                {
                    **relation("free streaming", FREE_STREAMING, "artist", "backward", ended=link.ended),
                    "artist": artist_in_relation(world.artists[link.artist], self._map),
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
            body["artist-credit"] = self._credits(recording)
        if "isrcs" in inc:
            body["isrcs"] = list(recording.isrcs)
        return body

    def genre(self, name: str) -> Json:
        """Return one genre, with an invented id."""
        genre_id = self._data.world.ids.mbid("genre", self._data.genres[name])
        return {"id": genre_id, "name": name, "disambiguation": ""}

    def _neighbours(self, area: Area) -> list[Json]:
        parents = [(self._map.areas[parent], "backward") for parent in area.parents]
        children = [(child, "forward") for child in self._map.children(area.mbid)]
        return [
            {
                **relation("part of", PART_OF, "area", direction, ended=other.life_span_end is not None),
                "area": area_in_relation(other),
            }
            for other, direction in (*parents, *children)
        ]

    def _pages(self, artist: Artist) -> list[Json]:
        world = self._data.world
        return [
            {
                **relation("free streaming", FREE_STREAMING, "url", "forward", ended=link.ended),
                "url": {
                    "id": world.ids.mbid("url", page),
                    "resource": f"https://open.spotify.com/artist/{world.catalogue.artist_id(page)}",
                },
            }
            for page, links in world.cast.links.items()
            for link in links
            if link.artist == artist.index
        ]

    def _credits(self, recording: Recording) -> list[Json]:
        indexes = (recording.artist, *recording.guests)
        joins = [" feat. ", *(" & " for _ in recording.guests[1:]), ""][-len(indexes) :]
        artists = [self._data.world.artists[index] for index in indexes]
        return [
            {"name": artist.name, "joinphrase": join, "artist": artist_in_relation(artist, self._map)}
            for artist, join in zip(artists, joins, strict=True)
        ]


def _wants_relations(inc: set[str]) -> bool:
    return any(part.endswith("-rels") for part in inc)
