"""Lists to take away."""

from __future__ import annotations

from xml.etree import ElementTree

from page.taking import TakenTrack, m3u, uris, xspf
from tests.support.published_world import HOSTILE_NAMES

ID = "4uLU6hMCjMI75M1A2tKUQ7"
TRACKS = [
    TakenTrack("One\nline", "<&>", "A", 200_400, ID),
    TakenTrack("Not there", "B", "A", None, None),
    TakenTrack("Bad id", "B", "A", 1, "x'/../y"),
]


def test_m3u_has_two_lines_a_track() -> None:
    """A name with a line break stays on one; a track without an address is a comment."""
    assert m3u("Top\ntracks", TRACKS).splitlines() == [
        "#EXTM3U",
        "#PLAYLIST:Top tracks",
        "#EXTINF:200,<&> - One line",
        f"https://open.spotify.com/track/{ID}",
        "#EXTINF:-1,B - Not there",
        "# not at Spotify: Not there",
        "#EXTINF:0,B - Bad id",
        "# not at Spotify: Bad id",
    ]


def test_xspf_is_well_formed_with_hostile_names() -> None:
    """And has every track, in order."""
    tracks = [TakenTrack(f"{name}\x00", name, name, 1000, ID) for name in HOSTILE_NAMES]
    found = ElementTree.fromstring(xspf("T", tracks))
    titles = [one.text for one in found.iter("{http://xspf.org/ns/0/}title")]
    assert titles == ["T", *HOSTILE_NAMES]


def test_uris_are_of_ids_only() -> None:
    """One a line, and nothing for what Spotify does not have."""
    assert uris("", TRACKS) == f"spotify:track:{ID}\n"
