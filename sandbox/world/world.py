"""The one seeded world that all stand-ins answer from, and the ground truth about it.

Everything follows from `WorldSettings`; two worlds with equal settings (the end is one of them) are equal. The ground
truth (who is who, where they come from, what was really played) is for tests, by Python only: the stand-ins never
return it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from sandbox.world.areas import Place, load_map
from sandbox.world.artists import VARIOUS_ARTISTS, Artist, build_cast
from sandbox.world.discography import Catalogue
from sandbox.world.edge_cases import EdgeCases
from sandbox.world.habits import Habits
from sandbox.world.ids import IdScheme
from sandbox.world.listener import Listener
from sandbox.world.plays import Play


def this_hour() -> datetime:
    """Return the beginning of the present hour (UTC): worlds made within one hour end at the same moment."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSettings:
    """What a world is made of.

    artists: how many artists, the 108 real ones first. plays: about how many rows the listener's whole export has.
    years: length of the history, which ends at `now` (with a time zone; default: the present hour, so that reports on
    "this year" have rows); the listener goes on for `days_ahead` after it. Tests that need fixed rows pass `now`.
    listener: another number is another person with other plays in the same world.
    unlinked, missing: shares of artists that MusicBrainz knows without a Spotify link, or not at all.
    link_all: every artist is known and linked (for counting requests).
    homonyms: adds artists of one name, shared and ended links, ISRCs on a wrong recording (see edge_cases.py).
    area_traps: adds circular, ended and country-less areas with an artist in each. habits: see habits.py.
    """

    seed: int = 7
    artists: int = 108
    plays: int = 60_000
    years: float = 3
    now: datetime = field(default_factory=this_hour)
    days_ahead: float = 30
    timezone: str = "Europe/Berlin"
    listener: int = 0
    unlinked: float = 0.10
    missing: float = 0.02
    link_all: bool = False
    homonyms: bool = False
    area_traps: bool = False
    habits: Habits = field(default_factory=Habits)


class World:
    """Artists, areas, catalogue and listener of one seed."""

    def __init__(self, settings: WorldSettings | None = None, /, **changes: object) -> None:
        self.settings = settings or WorldSettings(**changes)  # type: ignore[arg-type]
        chosen = self.settings
        self.ids = IdScheme(chosen.seed)
        self.map = load_map()
        self.cast = build_cast(
            seed=chosen.seed,
            count=chosen.artists,
            unlinked=0.0 if chosen.link_all else chosen.unlinked,
            missing=0.0 if chosen.link_all else chosen.missing,
            world_map=self.map,
            ids=self.ids,
        )
        edge_cases = EdgeCases(self.cast, self.map, self.ids)
        if chosen.homonyms:
            edge_cases.add_homonyms()
        if chosen.area_traps:
            edge_cases.add_areas()
        self.catalogue = Catalogue(
            chosen.seed, self.cast, self.ids, relinked=chosen.habits.relinked, last_day=chosen.now.date()
        )
        edge_cases.complete(self.catalogue)

    @property
    def artists(self) -> list[Artist]:
        """Return all artists, by index."""
        return self.cast.artists

    @cached_property
    def various_artists(self) -> int | None:
        """Return the index of the special purpose artist "Various Artists", if this world has it."""
        found = [artist.index for artist in self.artists if artist.mbid == VARIOUS_ARTISTS]
        return found[0] if found else None

    @property
    def first_moment(self) -> datetime:
        """Return when the listener's history begins."""
        return self.settings.now - timedelta(days=round(self.settings.years * 365.25))

    @property
    def export_taken_at(self) -> datetime:
        """Return the default end of exports: half a day before now, so that polls know more."""
        return self.settings.now - timedelta(hours=12)

    @cached_property
    def plays(self) -> list[Play]:
        """Return every real play, in order of time; those after `settings.now` have not happened yet."""
        chosen = self.settings
        days = max(1, round(chosen.years * 365.25))
        listener = Listener(
            seed=f"{chosen.seed}/{chosen.listener}",
            catalogue=self.catalogue,
            pool=[artist.index for artist in self.artists if artist.on_spotify and artist.mbid != VARIOUS_ARTISTS],
            first_day=self.first_moment.date(),
            per_day=chosen.plays / days,
            expected=chosen.plays,
            timezone=chosen.timezone,
            habits=chosen.habits,
        )
        return list(listener.plays_until(chosen.now + timedelta(days=chosen.days_ahead)))

    # The truth, for tests.

    def true_mbid(self, spotify_id: str) -> str | None:
        """Return the MBID of the artist behind a Spotify id; None = MusicBrainz does not know this artist."""
        artist = self.catalogue.artist(spotify_id)
        if artist is not None and artist.same_as is not None:
            artist = self.artists[artist.same_as]
        return artist.mbid if artist else None

    @property
    def cases(self) -> dict[str, str]:
        """Return the case (see edge_cases.py) of each Spotify page that was made to be mistaken."""
        return {self.catalogue.artist_id(index): case for index, case in self.cast.cases.items()}

    def true_place(self, artist: Artist) -> Place | None:
        """Return where the artist comes from with its coordinates, or None where the sandbox does not know them."""
        return self.map.places.get(artist.origin) if artist.origin else None

    def true_country(self, artist: Artist) -> str | None:
        """Return the ISO 3166-1 code of the artist's origin, or None."""
        return self.map.country_code(artist.origin) if artist.origin else None
