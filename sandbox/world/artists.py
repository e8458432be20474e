"""The artists of a world: 108 real ones with their true origins, and as many invented ones as are asked for.

An `Artist` is one entity; it may be known to Spotify (`on_spotify`), to MusicBrainz (`mbid`), or to both. How the two
services are tied together is `spotify_links`: what MusicBrainz says about a Spotify page, right or wrong, while
`Artist.mbid` of the artist behind the page is the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Literal

from sandbox.world.areas import Map, read_table
from sandbox.world.ids import IdScheme
from sandbox.world.invented_names import artist_name, sort_name

VARIOUS_ARTISTS = "89ad4ac3-39f7-470e-963a-56509c546377"

# Tags that people give and that are no genres.
OTHER_TAGS = (
    "seen live",
    "favourites",
    "british",
    "french",
    "00s",
    "90s",
    "80s",
    "under 2000 listeners",
    "female vocalists",
    "male vocalists",
    "awesome",
    "spotify",
    "guitar",
    "instrumental",
    "duo",
    "rock and indie",
    "needs review",
    "production music",
)


# What MusicBrainz has of an artist's recordings.
Recordings = Literal["with_isrc", "without_isrc", "none"]


@dataclass(slots=True)
class Artist:
    """One artist. `area` and `begin_area` are MBIDs of areas; tags are (name, votes), votes may be 0 or negative.

    `alias` is another name that MusicBrainz knows and Spotify uses. `same_as` is the index of the artist of whom this
    is only a second page on Spotify.
    """

    index: int
    name: str
    sort_name: str
    type: str | None = None
    gender: str | None = None
    area: str | None = None
    begin_area: str | None = None
    life_begin: str | None = None
    life_end: str | None = None
    mbid: str | None = None
    on_spotify: bool = True
    real: bool = False
    recordings: Recordings = "with_isrc"
    disambiguation: str = ""
    alias: str | None = None
    same_as: int | None = None
    tags: tuple[tuple[str, int], ...] = ()

    @property
    def page_name(self) -> str:
        """Return the name on Spotify, which may be in another script than the one in MusicBrainz."""
        return self.alias or self.name

    @property
    def origin(self) -> str | None:
        """Return the MBID of the area that the artist comes from: the begin area, else the area."""
        return self.begin_area or self.area


@dataclass(frozen=True, slots=True)
class SpotifyLink:
    """What MusicBrainz says about one Spotify page: the artist behind it, and whether that is over."""

    artist: int
    ended: bool = False


@dataclass(slots=True)
class Cast:
    """Everybody in the world, and the links from Spotify pages (by the index of their artist) to MusicBrainz.

    `foreign_isrcs` are ISRCs that MusicBrainz has, wrongly, on a recording (artist, number) of somebody else;
    `misfiled` says for each of them whose recordings carry it. `cases` names what trap an artist stands for.
    """

    artists: list[Artist]
    links: dict[int, list[SpotifyLink]] = field(default_factory=dict)
    foreign_isrcs: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    misfiled: dict[str, tuple[int, ...]] = field(default_factory=dict)
    cases: dict[int, str] = field(default_factory=dict)


def genre_names() -> tuple[str, ...]:
    """Return all names of genres that the sandbox's MusicBrainz knows, sorted."""
    return tuple(row["genre"] for row in read_table("genres.tsv"))


def build_cast(*, seed: int, count: int, unlinked: float, missing: float, world_map: Map, ids: IdScheme) -> Cast:
    """Return `count` artists, the real ones first, with links to MusicBrainz.

    `unlinked` is the share that MusicBrainz knows without a link to Spotify: of two thirds it has ISRCs, of a sixth
    recordings without them, of a sixth no recordings. `missing` is the share that it does not know at all; real
    artists are never missing.
    """
    random = Random(f"{seed}/cast")
    artists = [_real(index, row, world_map) for index, row in enumerate(read_table("artists.tsv")[:count])]
    origins = _Origins(world_map)
    for index in range(len(artists), count):
        artists.append(_invented(index, random, origins, ids))
    cast = Cast(artists)
    genres = genre_names()
    for artist in artists:
        artist.tags = _tags(random, genres)
        draw = random.random()
        if draw < missing and not artist.real:
            artist.mbid = None
        elif draw > 1 - unlinked and artist.mbid != VARIOUS_ARTISTS:
            artist.recordings = random.choices(("with_isrc", "without_isrc", "none"), (4, 1, 1))[0]
        else:
            cast.links[artist.index] = [SpotifyLink(artist.index)]
    return cast


class _Origins:
    """Draws towns in proportion to the real artists that come from them."""

    def __init__(self, world_map: Map) -> None:
        self._map = world_map
        places = sorted(world_map.places.values(), key=lambda place: place.area_mbid)
        self._towns = [place.area_mbid for place in places if place.artists]
        # Flattened, or a third of all artists would come from Brooklyn.
        self._weights = [place.artists**0.5 for place in places if place.artists]
        self._country_of = {mbid: self._country(mbid) for mbid in self._towns}

    def draw(self, random: Random) -> tuple[str, str | None]:
        """Return (town, its country), both MBIDs."""
        town = random.choices(self._towns, self._weights)[0]
        return town, self._country_of[town]

    def _country(self, mbid: str) -> str | None:
        code = self._map.country_code(mbid)
        country = self._map.country_by_code(code) if code else None
        return country.mbid if country else None


def _real(index: int, row: dict[str, str], world_map: Map) -> Artist:
    area = row["area_mbid"] or None
    if area is None and row["country_code"]:
        # Of a few artists only the country is known.
        country = world_map.country_by_code(row["country_code"])
        area = country.mbid if country else None
    return Artist(
        index=index,
        name=row["name"],
        sort_name=sort_name(row["name"], row["type"]),
        type=row["type"] or None,
        gender=row["gender"] or None,
        area=area,
        begin_area=row["begin_area_mbid"] or None,
        life_begin=row["life_span_begin"] or None,
        life_end=row["life_span_end"] or None,
        mbid=row["mbid"],
        alias=row["alias"] or None,
        real=True,
    )


def _invented(index: int, random: Random, origins: _Origins, ids: IdScheme) -> Artist:
    kind = random.choices(["Person", "Group", None, "Orchestra"], [46, 43.7, 10, 0.3])[0]
    name = artist_name(random, index)
    town, country = origins.draw(random)
    artist = Artist(
        index=index,
        name=name,
        sort_name=sort_name(name, kind),
        type=kind,
        gender=random.choice(["Male", "Female"]) if kind == "Person" else None,
        mbid=ids.mbid("artist", index),
        life_begin=str(random.randint(1950, 2018)) if random.random() < 0.7 else None,
    )
    # The mix of real life: a quarter without any area, a third with a begin area, few with a town as their area.
    draw = random.random()
    if draw < 0.42:
        artist.area, artist.begin_area = country, town
    elif draw < 0.60:
        artist.area = town
    elif draw < 0.85:
        artist.area = country
    if artist.life_begin and random.random() < 0.15:
        artist.life_end = str(int(artist.life_begin) + random.randint(5, 30))
    return artist


def _tags(random: Random, genres: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    names = random.sample(genres, random.choices([0, 1, 2, 3, 5], [8, 20, 30, 30, 12])[0])
    tags = [(name, random.choice((1, 1, 2, 3, 5, 8, 13))) for name in names]
    if random.random() < 0.6:
        tags += [(name, random.randint(1, 4)) for name in random.sample(OTHER_TAGS, random.randint(1, 3))]
    if names and random.random() < 0.15:
        tags.append((random.choice([name for name in genres if name not in names]), random.choice((0, -1))))
    random.shuffle(tags)
    return tuple(tags)
