"""One file of an export: its safe name, its download, its place in the order."""

from __future__ import annotations

from contextlib import nullcontext
from io import BytesIO

import pytest

from extract_load.spotify.history_import.history_file import (
    Member,
    export_id_of,
    is_resource_fork,
    newest_first,
    plain_name,
)


def member(name: str, size: int = 10, place: str = "x") -> Member:
    """Return a file of this name."""
    return Member(name, size, place, lambda: nullcontext(BytesIO(b"")))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a/b\\c.json", "c.json"),
        ("bad\x1b[31m\u202e.json", "bad?[31m?.json"),
        ("\ud800.json", "?.json"),
        ("a/", "unnamed"),
        ("x" * 500, "x" * 120),
    ],
)
def test_a_name_is_safe_to_show(name: str, shown: str) -> None:
    """No folders, no control characters, no end of it."""
    assert plain_name(name) == shown


def test_the_id_of_a_download_depends_on_names_and_sizes_alone() -> None:
    """Not on the order, nor on where the files lie."""
    first, second = member("a.json", 1), member("b.json", 2)
    assert export_id_of([first, second]) == export_id_of([member("b.json", 2, "y"), member("a.json", 1, "z")])
    assert export_id_of([first, second]) != export_id_of([first, member("b.json", 3)])
    assert export_id_of([first]) != export_id_of([first, second])


def test_the_newest_file_comes_first() -> None:
    """By the last year in the name, then by its number."""
    names = ["Audio_2019-2020_1.json", "Audio_2023_2.json", "Audio_2023_10.json", "endsong_3.json", "notes.json"]
    assert [one.name for one in sorted(map(member, names), key=newest_first)] == [
        "Audio_2023_10.json",
        "Audio_2023_2.json",
        "Audio_2019-2020_1.json",
        "endsong_3.json",
        "notes.json",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Streaming_History_Audio_2024_0.json", True),
        ("endsong_12.json", True),
        ("endvideo.json", True),
        ("StreamingHistory_music_0.json", True),
        ("Playlist1.json", False),
        ("my endsong_1.json", False),
    ],
)
def test_the_names_that_spotify_gives_are_known(name: str, expected: bool) -> None:
    """A file of such a name is never ignored in silence."""
    assert member(name).is_named_like_spotifys is expected


def test_what_macos_puts_into_zips_is_known() -> None:
    """Its resource forks look like history files by their names."""
    assert is_resource_fork("__MACOSX/a/endsong_0.json")
    assert is_resource_fork("a/._endsong_0.json")
    assert not is_resource_fork("a/endsong_0.json")
