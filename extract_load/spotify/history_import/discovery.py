"""Find the history files in the paths that a person names: a zip as downloaded, a folder, or single files.

Content decides, not the name: every `.json`, also packed, is a candidate for the reader. Nothing is written here.
Links inside a folder are not followed; zips in a folder are read, archives inside archives are not. Each is named.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip

from extract_load.core.errors import BadInput
from extract_load.spotify.history_import.history_file import (
    MAX_FILE_BYTES,
    MAX_FOUND,
    MAX_RATIO,
    OTHER_ARCHIVE,
    SMALL_BYTES,
    Found,
    Member,
    Refused,
    is_other_archive,
    is_resource_fork,
    may_hold_history,
    plain_name,
)
from extract_load.spotify.history_import.zip_archive import read_zip

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_GZIP = b"\x1f\x8b"


def find_members(paths: Iterable[Path]) -> Found:
    """Return the candidates of all paths; a path that can't be read is refused, the rest goes on."""
    found = Found()
    for path in dict.fromkeys(Path(path) for path in paths):
        part = _find_in_path(path.expanduser())
        found.members.extend(part.members)
        found.refused.extend(part.refused)
        found.left_alone += part.left_alone
    return found


def _find_in_path(path: Path) -> Found:
    name = plain_name(str(path))
    try:
        if path.is_dir():
            return _find_in_folder(path)
        if not path.exists():
            return Found(refused=[Refused(name, "there is no such file or folder")])
        if not path.is_file():
            return Found(refused=[Refused(name, "it is neither a file nor a folder")])
        if is_other_archive(path.name) and not path.name.lower().endswith(".gz"):
            return Found(refused=[Refused(name, OTHER_ARCHIVE)])
        return _find_in_file(path, asked_for=True)
    except OSError as error:
        return Found(refused=[Refused(name, _unreadable(error))])


def _find_in_file(path: Path, *, asked_for: bool) -> Found:
    with path.open("rb") as stream:
        start = stream.read(4)
    if start in (_ZIP, _EMPTY_ZIP):
        found = read_zip(path)
        if asked_for and not found.members and not found.refused:
            found.refused.append(Refused(plain_name(path.name), "the zip holds no listening history"))
        return found
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        return Found(refused=[Refused(plain_name(path.name), "it is larger than 4 GiB, which no export file is")])
    packed = start.startswith(_GZIP)
    member = Member(plain_name(path.name), size, str(path.parent), _make_opener(path, packed=packed), asked_for)
    return Found(members=[member])


def _find_in_folder(folder: Path) -> Found:
    found = Found()
    for count, path in enumerate(_walk_files(folder, found.refused)):
        if count == MAX_FOUND:
            reason = f"it holds more than {MAX_FOUND:,} files, the others were not read; name the folders inside it"
            found.refused.append(Refused(plain_name(str(folder)), reason))
            break
        part = _find_in_entry(path)
        found.members.extend(part.members)
        found.refused.extend(part.refused)
        found.left_alone += part.left_alone
    if not found.members and not found.refused:
        found.refused.append(Refused(plain_name(str(folder)), "the folder holds no listening history"))
    return found


def _find_in_entry(path: Path) -> Found:
    """Return what one file of a folder holds; trouble of one is its own."""
    is_foreign = is_other_archive(path.name) and "spotify" in path.name.lower()
    is_candidate = may_hold_history(path.name) or path.suffix.lower() == ".zip" or is_foreign
    if not is_candidate or is_resource_fork(str(path)):
        return Found(left_alone=1)
    try:
        if path.is_symlink():
            reason = "it is a link; name the real file to import it"
        elif not path.is_file():  # a pipe would be waited for without end
            reason = "it is neither a file nor a folder"
        elif is_foreign:
            reason = OTHER_ARCHIVE
        else:
            return _find_in_file(path, asked_for=False)
    except OSError as error:
        reason = _unreadable(error)
    return Found(refused=[Refused(plain_name(path.name), reason)])


def _walk_files(folder: Path, refused: list[Refused]) -> Iterator[Path]:
    """Yield the files below a folder in a fixed order; add the folders that can't be read, and links to folders."""

    def refuse(error: OSError) -> None:
        refused.append(Refused(plain_name(str(error.filename)), _unreadable(error)))

    for root, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        links = [name for name in folders if Path(root, name).is_symlink()]
        refused.extend(Refused(plain_name(name), "it is a link; name the real folder to import it") for name in links)
        for name in sorted(names):
            yield Path(root) / name


def _unreadable(error: OSError) -> str:
    return f"it can't be read ({(error.strerror or 'I/O error').lower()})"


class _BoundedStream:
    """An unpacked gzip file that refuses to grow like a bomb."""

    def __init__(self, stream: igzip.IGzipFile, limit: int) -> None:
        self._stream, self._left = stream, limit

    def read(self, size: int = -1) -> bytes:
        piece = cast("bytes", self._stream.read(size))
        self._left -= len(piece)
        if self._left < 0:
            raise BadInput(f"it grows more than {MAX_RATIO} times when unpacked, as a zip bomb does")
        return piece


def _make_opener(path: Path, *, packed: bool) -> Callable[[], AbstractContextManager[BinaryIO]]:
    @contextmanager
    def opened(path: Path) -> Iterator[BinaryIO]:
        with path.open("rb") as stream:
            if packed:
                with igzip.IGzipFile(fileobj=stream, mode="rb") as unpacked:
                    yield cast("BinaryIO", _BoundedStream(unpacked, max(path.stat().st_size * MAX_RATIO, SMALL_BYTES)))
            else:
                yield stream

    return partial(opened, path)
