"""The five kinds of things that have a page of their own, and how their plays are found.

A play counts for its primary artist. It is shared out among the genres of that artist by `weight`; everything else is
counted whole. A track is a recording: the same sound under several Spotify ids is one.
"""

from __future__ import annotations

from enum import StrEnum

from extract_load.core.keys import key_of_text
from page.errors import NotFound


class Kind(StrEnum):
    """A kind of thing; ALL is every play, of whatever."""

    ALL = "all"
    ARTIST = "artist"
    ALBUM = "album"
    TRACK = "track"
    GENRE = "genre"
    COUNTRY = "country"

    @property
    def plural(self) -> str:
        """The kind in lists and in the path of its top list."""
        return {Kind.COUNTRY: "countries", Kind.ALL: "plays"}.get(self, f"{self.value}s")

    @property
    def plays_sql(self) -> str:
        """The query of the plays of one `$key`, with `weight`, the part of a play that counts for it."""
        return _PLAYS[self]

    def days_sql(self, facts: str) -> str:
        """Return the query of the rows of one `$key` in day facts or their totals, with `weight`."""
        return _DAYS[self].replace("{facts}", facts)

    def key_of(self, text: str) -> str:
        """Return the `$key` of a text in an address: a name of a country, a number, or the md5 that addresses had."""
        if self is Kind.COUNTRY:
            return text
        number = 0 if text == "unknown" else key_of_text(text)
        return text if number is None else str(number)

    @classmethod
    def of(cls, text: str) -> Kind:
        """Return the kind of a name. Errors: NotFound."""
        try:
            return cls(text)
        except ValueError:
            raise NotFound("There is no such kind of page.") from None


_PLAYS = {
    Kind.ALL: "select *, 1 as weight from marts.fct_plays",
    Kind.ARTIST: "select *, 1 as weight from marts.fct_plays where artist_key = try_cast($key as bigint)",
    Kind.ALBUM: "select *, 1 as weight from marts.fct_plays where album_key = try_cast($key as bigint)",
    Kind.TRACK: "select *, 1 as weight from marts.fct_plays where recording_key = try_cast($key as bigint)",
    Kind.GENRE: (
        "select all_plays.*, genres.weight from marts.fct_plays as all_plays"
        " inner join marts.bridge_artist_genres as genres"
        " on all_plays.artist_key = genres.artist_key and genres.genre_key = try_cast($key as bigint)"
    ),
    Kind.COUNTRY: (
        "select *, 1 as weight from marts.fct_plays where artist_key in"
        " (select artist_key from marts.dim_artist where coalesce(country_name, 'unknown') = $key)"
    ),
}

_DAYS = {
    Kind.ALL: "select *, 1 as weight from {facts} as facts",
    Kind.ARTIST: ("select *, 1 as weight from {facts} as facts where artist_key = try_cast($key as bigint)"),
    Kind.ALBUM: ("select *, 1 as weight from {facts} as facts where album_key = try_cast($key as bigint)"),
    Kind.TRACK: ("select *, 1 as weight from {facts} as facts where recording_key = try_cast($key as bigint)"),
    Kind.GENRE: (
        "select facts.*, genres.weight from {facts} as facts"
        " inner join marts.bridge_artist_genres as genres"
        " on facts.artist_key = genres.artist_key and genres.genre_key = try_cast($key as bigint)"
    ),
    Kind.COUNTRY: (
        "select *, 1 as weight from {facts} as facts where artist_key in"
        " (select artist_key from marts.dim_artist where coalesce(country_name, 'unknown') = $key)"
    ),
}
