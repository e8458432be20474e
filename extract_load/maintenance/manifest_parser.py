"""Read the manifest of a backup, which may come from elsewhere: what no backup of ours says is refused in a sentence.

In: the JSON of `manifest.json` or `manifest.next.json`. Out: a `Manifest` whose names all lie inside the backup, below
the places that a data directory has, and do not get into each other's way.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from extract_load.core.errors import BadInput
from extract_load.maintenance.table_checksums import Marks, TableMark

FORMAT, VERSION = "music-tracker backup", 1
MANIFEST, NEXT, INCOMING = "manifest.json", "manifest.next.json", ".incoming"
STATE, SEEDS, LISTENERS = "state.sqlite", "seeds/", "listeners.json"
LARGEST_BYTES = 512 << 20
"""A manifest takes some 200 bytes a file: this is more than two million files."""
_SHA256_LENGTH = 64


@dataclass(frozen=True, slots=True)
class FileMark:
    """Size in bytes and SHA-256 of one file."""

    bytes: int
    sha256: str


@dataclass(slots=True)
class Published:
    """The published marts at the time of the backup, and what they were not made from yet (files, polls)."""

    published_at: str
    marts: Marks
    later_files: list[str] = field(default_factory=list)
    later_polls: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Manifest:
    """All that a backup says about itself. `made_at` is UTC, ISO 8601.

    `staged` names files that may still lie below `.incoming/`: the backup is valid, but was killed while moving them.
    """

    made_at: str = ""
    program: str = ""
    files: dict[str, FileMark] = field(default_factory=dict)
    published: Published | None = None
    staged: frozenset[str] = frozenset()


def read_json(path: Path) -> dict[str, Any]:
    """Read a manifest file. Errors: BadInput when it is a link, too large, or not one JSON object."""
    hint = "Make a new backup into an empty folder."
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise BadInput(f"{path} is a link or no file at all; a backup holds none.", hint="Don't trust this backup.")
        if found.st_size > LARGEST_BYTES:
            raise BadInput(f"{path} has {found.st_size >> 20:,} MB: no manifest is that large.", hint=hint)
        said = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} can't be read.", hint=hint) from error
    except OSError as error:
        raise BadInput(f"{path} can't be read ({error.strerror}).", hint=hint) from error
    if not isinstance(said, dict):
        raise BadInput(f"{path} is not a manifest.", hint=hint)
    return said


def parse_manifest(said: Mapping[str, Any], path: Path) -> Manifest:
    """Return the manifest that a JSON object is.

    Errors: BadInput when it has another format or version, or says what no backup of ours says.
    """
    if said.get("format") != FORMAT or said.get("version") != VERSION or isinstance(said.get("version"), bool):
        msg = f"{path} is not a manifest of {FORMAT} version {VERSION}."
        raise BadInput(msg, hint="Update the music tracker if it was made by a newer one.")
    try:
        files = {_name(name): _file_mark(mark) for name, mark in _mapping(said["files"]).items()}
        moved = [_name(name) for name in _texts(said.get("moved", []))]
        gone = [_name(name) for name in _texts(said.get("gone", []))]
        _refuse_overlaps([*files, *moved, *gone])
        published = _published(said["published"]) if said["published"] is not None else None
        return Manifest(_text(said["made_at"]), _text(said["program"]), files, published, frozenset(moved))
    except (KeyError, TypeError) as error:
        msg = f"{path} says what no manifest of a backup says ({error})."
        raise BadInput(msg, hint="Make a new backup into an empty folder.") from error


def place_of(folder: Path, name: str) -> Path:
    """Return where a file of a backup lies.

    Errors: BadInput for a name that would lead out of the folder.
    """
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name:
        raise BadInput(f"The backup names a file that lies outside of it: {name!r}.", hint="Don't trust this backup.")
    return folder.joinpath(*parts)


def _name(name: Any) -> str:
    """Return a file's name. Errors: TypeError for no name, BadInput for one that lies outside or that no disk holds."""
    text = _text(name)
    path = place_of(Path(), text)
    is_plain = path.as_posix() == text and text.isprintable() and "\\" not in text
    if not is_plain or len(text) > 1000 or any(len(part.encode()) > 255 for part in path.parts):
        raise TypeError(f"the file name {text[:100]!r}")
    return text


def _refuse_overlaps(names: Iterable[str]) -> None:
    """Raise TypeError when a file would have to be a folder as well."""
    every = set(names)
    for name in every:
        for parent in PurePosixPath(name).parents:
            if parent.as_posix() in every:
                raise TypeError(f"{parent.as_posix()!r} as a file and as a folder")


def _file_mark(said: Any) -> FileMark:
    mark = _mapping(said)
    size, digest = _count(mark["bytes"]), _text(mark["sha256"])
    if len(digest) > _SHA256_LENGTH:
        raise TypeError("a SHA-256 that is too long")
    return FileMark(size, digest)


def _published(said: Any) -> Published:
    content = _mapping(said)
    marts = {
        _text(table): TableMark(_count(_mapping(mark)["rows"]), _text(_mapping(mark)["checksum"]))
        for table, mark in _mapping(content["marts"]).items()
    }
    later = (_texts(content["later_files"]), _texts(content["later_polls"]))
    return Published(_text(content["published_at"]), marts, *later)


def _mapping(said: Any) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise TypeError(f"{str(said)[:40]!r} where an object belongs")
    return said


def _texts(said: Any) -> list[str]:
    if not isinstance(said, list):
        raise TypeError(f"{str(said)[:40]!r} where a list belongs")
    return [_text(one) for one in said]


def _text(said: Any) -> str:
    if not isinstance(said, str) or any("\ud800" <= sign <= "\udfff" for sign in said):
        raise TypeError(f"{ascii(said)[:40]} where a text belongs")
    return said


def _count(said: Any) -> int:
    if not isinstance(said, int) or isinstance(said, bool) or said < 0:
        raise TypeError(f"{str(said)[:40]!r} where a number belongs")
    return said
