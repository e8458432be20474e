"""Describe one file of an export: a name that is safe to show, a size, and a function that opens it again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

Format = Literal["extended", "endsong", "account_data"]

MAX_FILE_BYTES = 4 << 30
MAX_FOUND = 20_000
MAX_RATIO, SMALL_BYTES = 400, 10 << 20  # what grows more often than that when unpacked, and is not small, is a bomb

_SPOTIFYS = re.compile(
    r"^(streaming_history_(audio|video)_.*|endsong_?\d*|endvideo_?\d*|streaminghistory(_[a-z]+_)?\d*)\.json$", re.I
)


# What a browser or a system makes of such a name: without its ending, or with another one behind it.
_ALMOST_SPOTIFYS = re.compile(r"^(streaming_?history|endsong|endvideo)[^.]*(\.json)?(\.txt)?$", re.I)
OTHER_ARCHIVE = "archives of this kind can't be read here; unpack it and import the folder"
_OTHER_ARCHIVES = (".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst")


@dataclass(frozen=True, slots=True)
class Member:
    """One file that may hold a listening history. `size` in bytes as declared; `place` groups files of one download.

    `asked_for` is true when a person named this very file: then it is reported as refused if it holds no history.
    """

    name: str
    size: int
    place: str
    open: Callable[[], AbstractContextManager[BinaryIO]]
    asked_for: bool = False

    @property
    def is_named_like_spotifys(self) -> bool:
        """Whether the name is one that Spotify gives to its history files."""
        return bool(_SPOTIFYS.match(self.name))


@dataclass(frozen=True, slots=True)
class Refused:
    """A file or an archive that was not taken, and why, in one sentence."""

    name: str
    reason: str
    needs_confirmation: bool = False


@dataclass(slots=True)
class Found:
    """What the paths hold: candidates, what was refused on sight, and how many other files were left alone."""

    members: list[Member] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    left_alone: int = 0


def plain_name(name: str) -> str:
    """Return the last part of a name, safe to show and store: no control characters, 120 characters at most."""
    last = re.split(r"[\\/]", name)[-1]
    shown = last.encode("utf-8", "replace").decode("utf-8")
    return "".join(character if character.isprintable() else "?" for character in shown)[:120] or "unnamed"


def may_hold_history(name: str) -> bool:
    """Return whether a file is looked into, by its name: JSON, also packed, and what is called like Spotify's files."""
    return name.lower().endswith((".json", ".json.gz")) or bool(_ALMOST_SPOTIFYS.match(plain_name(name)))


def is_other_archive(name: str) -> bool:
    """Return whether a file is by its name an archive that can't be read here."""
    return name.lower().endswith(_OTHER_ARCHIVES) and not name.lower().endswith(".json.gz")


def is_resource_fork(name: str) -> bool:
    """Return whether a path is what macOS puts beside the real files."""
    parts = re.split(r"[\\/]", name)
    return "__MACOSX" in parts or parts[-1].startswith("._")


def export_id_of(members: Iterable[Member]) -> str:
    """Return the id of a download, made from names and sizes: a zip and its unpacked folder have the same."""
    listing = "\n".join(sorted(f"{member.name}:{member.size}" for member in members))
    return hashlib.sha256(listing.encode()).hexdigest()[:16]


def newest_first(member: Member) -> tuple[int, int, str]:
    """Return the sort key of a file by the years and the number in its name: the newest settle soonest whose it is."""
    numbers = [int(number) for number in re.findall(r"\d+", member.name)[:9] if len(number) < 9]
    years = [number for number in numbers if 2000 < number < 2100]
    return (-max(years, default=0), -(numbers[-1] if numbers else 0), member.name)
