"""Every address that a page writes is made here: the range and the rule stay in it, and nothing else gets in.

The live pages keep state in the query; a static snapshot may give another `Links` that names files instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from page.entities import Kind
from page.params import Params

_SPOTIFY_ID = re.compile(r"[0-9A-Za-z]{22}")
_MBID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses that keep the parameters of one request."""

    params: Params

    def to(self, path: str, params: Params | None = None, /, **query: object) -> str:
        """Return the address of a page of ours; what is None or empty is left out of its query."""
        kept = (params or self.params).to_query()
        added = {name: str(value) for name, value in query.items() if value not in (None, "")}
        return with_query(path, kept | added)

    def entity(self, kind: Kind | str, key: str | int) -> str:
        """Return the address of the page of one artist, album, track, genre or country."""
        return self.to(f"/{Kind(kind).value}/{quote(str(key), safe='')}")

    def day(self, day: object) -> str:
        """Return the address of one day."""
        return self.to(f"/day/{day}")


def with_query(path: str, query: Mapping[str, str]) -> str:
    """Return a path with a query."""
    return f"{path}?{urlencode(query)}" if query else path


def spotify(kind: str, spotify_id: str | None) -> str | None:
    """Return the address at Spotify of an id that looks like one, else None."""
    return f"https://open.spotify.com/{kind}/{spotify_id}" if _SPOTIFY_ID.fullmatch(spotify_id or "") else None


def musicbrainz(mbid: str | None) -> str | None:
    """Return the address at MusicBrainz of an artist's id that looks like one, else None."""
    return f"https://musicbrainz.org/artist/{mbid}" if _MBID.fullmatch(mbid or "") else None
