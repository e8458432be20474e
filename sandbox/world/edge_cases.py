"""Edge cases: artists and areas that are easily mistaken, for tests of wrong answers rather than of missing ones.

Homonyms (`WorldSettings.homonyms`), a case for each page on Spotify:

    famous               a well-known name, linked
    namesake_known       the same name; MusicBrainz knows this artist without a link, with ISRCs
    namesake_unknown     the same name; MusicBrainz does not know this one. One title is also one of the famous artist's
    shared_page          the page is linked to two living artists; the first is right, ISRCs say so
    ended_and_live       an ended link to somebody else, and a living one
    only_ended           an ended link to somebody else; ISRCs lead to the right one
    only_ended_unknown   an ended link to somebody else; MusicBrainz does not know this artist
    second_page          another page of an artist that has one already; both are linked
    stray_isrc           unlinked; one of the ISRCs stands on a recording of somebody else, too
    stray_isrc_unknown   MusicBrainz does not know this artist; one ISRC stands on a recording of somebody else

Odd areas (`WorldSettings.area_traps`), a case for each artist that comes from there:

    circle               two areas that are part of each other, and of nothing else
    circle_in_country    the same, but one of them is also part of Germany
    nowhere              an island that is part of nothing
    ended_parent         a town whose only parent is the Soviet Union
    ended_and_living     a town that was part of Yugoslavia and is part of Croatia
    several              a town in a county, on an island and in a subdivision of Spain
    deep                 a place seven levels below Japan
    no_area, worldwide, europe, yugoslavia
"""

from __future__ import annotations

from typing import Any

from sandbox.world.areas import Area, Map
from sandbox.world.artists import Artist, Cast, SpotifyLink
from sandbox.world.discography import Catalogue
from sandbox.world.ids import IdScheme
from sandbox.world.invented_names import MARK

# Name, type, country of the famous one and of its namesakes.
_HOMONYMS = (
    ("Nirvana", "Group", "US", "Group", "GB"),
    ("Drake", "Person", "CA", "Person", "PL"),
    ("Muse", "Group", "GB", "Group", "FR"),
    ("Queen", "Group", "GB", "Character", "JP"),
)


class EdgeCases:
    """Adds the artists of the edge cases to a cast. All have to be added before anybody asks for a discography."""

    def __init__(self, cast: Cast, world_map: Map, ids: IdScheme) -> None:
        self._cast, self._map, self._ids = cast, world_map, ids
        self._first = len(cast.artists)
        self._stray: list[tuple[int, int]] = []
        self._covers: list[tuple[int, int]] = []

    def add_homonyms(self) -> None:
        """Add the cases of homonyms and wrong links."""
        for name, kind, country, other_kind, other_country in _HOMONYMS:
            famous = next((artist for artist in self._cast.artists if artist.name == name), None)
            famous = famous or self._artist(name, type=kind, area=self._country(country))
            self._case(famous, "famous", [SpotifyLink(famous.index)])
            namesake = self._artist(name, type=other_kind, area=self._country(other_country), disambiguation="namesake")
            self._case(namesake, "namesake_known", [])
            unknown = self._artist(name, area=self._country("AU"), in_musicbrainz=False)
            self._case(unknown, "namesake_unknown", [])
            self._covers.append((unknown.index, famous.index))
            for number, code in enumerate(("DE", "SE")):
                self._artist(name, type="Group", area=self._country(code), disambiguation=f"decoy {number}", page=False)
        self._wrong_links()

    def _wrong_links(self) -> None:
        def named(name: str, code: str, **more: Any) -> Artist:
            return self._artist(f"{name} {MARK}", type="Group", area=self._country(code), **more)

        decoys = [named(f"Somebody Else {number}", "BR", page=False) for number in range(6)]
        shared = named("Shared Page", "NO")
        self._case(shared, "shared_page", [SpotifyLink(shared.index), SpotifyLink(decoys[0].index)])
        both = named("Old Link and New", "FI")
        self._case(both, "ended_and_live", [SpotifyLink(decoys[1].index, ended=True), SpotifyLink(both.index)])
        ended = named("Old Link Only", "IS")
        self._case(ended, "only_ended", [SpotifyLink(decoys[2].index, ended=True)])
        unknown = named("Old Link of Nobody", "IE", in_musicbrainz=False)
        self._case(unknown, "only_ended_unknown", [SpotifyLink(decoys[3].index, ended=True)])
        first = named("Two Pages", "PT")
        self._case(first, "famous", [SpotifyLink(first.index)])
        second = named("Two Pages", "PT", in_musicbrainz=False)
        second.same_as = first.index
        self._case(second, "second_page", [SpotifyLink(first.index)])
        stray = named("Stray Code", "DK")
        self._case(stray, "stray_isrc", [])
        nobody = named("Stray Code of Nobody", "HU", in_musicbrainz=False)
        self._case(nobody, "stray_isrc_unknown", [])
        self._stray += [(stray.index, decoys[4].index), (nobody.index, decoys[5].index)]

    def add_areas(self) -> None:
        """Add the cases of odd areas, each with an artist that comes from there."""
        germany, croatia, spain, japan = (self._country(code) for code in ("DE", "HR", "ES", "JP"))
        soviet_union, yugoslavia = self._country("SU"), self._country("YU")
        one, two = self._area("Ouro", "City"), self._area("Boros", "County")
        one.parents, two.parents = [two.mbid], [one.mbid]
        inner, outer = self._area("Kreis", "City"), self._area("Runde", "County")
        inner.parents, outer.parents = [outer.mbid], [inner.mbid, germany]
        county = self._area("Condado Perdido", "County", spain)
        island = self._area("Isla Perdida", "Island", spain)
        region = self._area("Región Perdida", "Subdivision", spain)
        deep = japan
        for kind in ("Subdivision", "Island", "County", "Municipality", "City", "District", "District"):
            deep = self._area(f"Part of the {kind}", kind, deep).mbid
        origins = {
            "circle": one.mbid,
            "circle_in_country": inner.mbid,
            "nowhere": self._area("Nowhere Rock", "Island").mbid,
            "ended_parent": self._area("Old Town", "City", soviet_union).mbid,
            "ended_and_living": self._area("Border Town", "City", yugoslavia, croatia).mbid,
            "several": self._area("Pueblo Perdido", "City", county.mbid, island.mbid, region.mbid).mbid,
            "deep": deep,
            "no_area": None,
            "worldwide": self._country("XW"),
            "europe": self._country("XE"),
            "yugoslavia": yugoslavia,
        }
        for case, area in origins.items():
            artist = self._artist(f"From {case.replace('_', ' ')} {MARK}", type="Group", area=area)
            self._case(artist, case, [SpotifyLink(artist.index)])

    def complete(self, catalogue: Catalogue) -> None:
        """Add stray ISRCs and covered titles to the catalogue, once all artists are there."""
        for index, other in self._stray:
            code = next(track.isrc for track in catalogue.of(index).tracks if track.isrc)
            self._cast.foreign_isrcs[other, 0] = (code,)
            self._cast.misfiled[code] = (other,)
        for index, famous in self._covers:
            original = catalogue.of(famous).tracks[0]
            cover = catalogue.of(index).tracks[0].recording
            for track in catalogue.of(index).tracks:
                if track.recording == cover:
                    # A cover, and clearly not the same recording.
                    track.name, track.duration_ms = original.name, original.duration_ms + 45_000

    def _artist(self, name: str, *, page: bool = True, in_musicbrainz: bool = True, **facts: Any) -> Artist:
        index = len(self._cast.artists)
        mbid = self._ids.mbid("artist", index) if in_musicbrainz else None
        artist = Artist(index=index, name=name, sort_name=name, mbid=mbid, on_spotify=page, **facts)
        self._cast.artists.append(artist)
        return artist

    def _case(self, artist: Artist, case: str, links: list[SpotifyLink]) -> None:
        self._cast.cases[artist.index] = case
        self._cast.links.pop(artist.index, None)
        if links:
            self._cast.links[artist.index] = links

    def _country(self, code: str) -> str:
        country = self._map.country_by_code(code)
        assert country is not None, code
        return country.mbid

    def _area(self, name: str, kind: str, *parents: str) -> Area:
        mbid = self._ids.mbid("area", len(self._map.areas))
        area = Area(mbid=mbid, name=f"{name} {MARK}", type=kind, parents=list(parents))
        self._map.add(area)
        return area
