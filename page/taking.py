"""Lists of tracks to take away: M3U and XSPF for players, Spotify URIs to paste into a playlist.

In: tracks in order. A track without a Spotify id is in M3U and XSPF by its name only, and has no URI. No name breaks a
line or the markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from page.links import spotify

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class TakenTrack:
    """One track of a list."""

    name: str
    artist: str
    album: str
    duration_ms: int | None
    spotify_id: str | None

    @property
    def address(self) -> str | None:
        """Where Spotify has it."""
        return spotify("track", self.spotify_id)


def m3u(title: str, tracks: Iterable[TakenTrack]) -> str:
    """Return an extended M3U list."""
    lines = ["#EXTM3U", f"#PLAYLIST:{_line(title)}"]
    for track in tracks:
        seconds = round(track.duration_ms / 1000) if track.duration_ms else -1
        lines.append(f"#EXTINF:{seconds},{_line(track.artist)} - {_line(track.name)}")
        lines.append(track.address or f"# not at Spotify: {_line(track.name)}")
    return "\n".join(lines) + "\n"


def xspf(title: str, tracks: Iterable[TakenTrack]) -> str:
    """Return an XSPF list."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>', '<playlist version="1" xmlns="http://xspf.org/ns/0/">']
    parts.append(f"<title>{_xml(title)}</title><trackList>")
    for track in tracks:
        place = f"<location>{_xml(track.address)}</location>" if track.address else ""
        length = f"<duration>{track.duration_ms}</duration>" if track.duration_ms else ""
        parts.append(
            f"<track>{place}<title>{_xml(track.name)}</title><creator>{_xml(track.artist)}</creator>"
            f"<album>{_xml(track.album)}</album>{length}</track>"
        )
    return "\n".join([*parts, "</trackList></playlist>"]) + "\n"


def uris(_: str, tracks: Iterable[TakenTrack]) -> str:
    """Return one Spotify URI a line; Spotify's desktop application takes them into a playlist."""
    return "".join(f"spotify:track:{track.spotify_id}\n" for track in tracks if track.address)


WRITERS: dict[str, tuple[str, Callable[[str, Iterable[TakenTrack]], str]]] = {
    "m3u8": ("audio/x-mpegurl; charset=utf-8", m3u),
    "xspf": ("application/xspf+xml; charset=utf-8", xspf),
    "txt": ("text/plain; charset=utf-8", uris),
}


def _line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(_NO_XML.sub("", text).split())


def _xml(text: str) -> str:
    return escape(_NO_XML.sub("", text))
