"""What a backup looks like on disk, and how it changes from one complete state to the next.

`DIR/manifest.json` names every file with its size and SHA-256; the files lie beside it as they are at home (`src/...`,
`cache/...`, `seeds/...`, `state.sqlite`). New content is first written below `DIR/.incoming/`; then one rename, to
`manifest.next.json`, makes the new backup the valid one, and the files are moved to their places. A kill before that
rename leaves the old backup, a kill after it is finished by whoever opens the backup next.
Source: docs/backup.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from extract_load.core.errors import BadInput
from extract_load.core.failpoints import failpoint
from extract_load.maintenance.table_checksums import Marks, TableMark
from extract_load.storage.gzip_files import PARTIAL, sync_folder

FORMAT, VERSION = "music-tracker backup", 1
MANIFEST, NEXT, INCOMING = "manifest.json", "manifest.next.json", ".incoming"
STATE, SEEDS = "state.sqlite", "seeds/"
_CHUNK = 1 << 20


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
    """All that a backup says about itself. `made_at` is UTC, ISO 8601."""

    made_at: str = ""
    program: str = ""
    files: dict[str, FileMark] = field(default_factory=dict)
    published: Published | None = None


def read_manifest(folder: Path) -> Manifest:
    """Read a backup's manifest, after finishing what a killed backup left half-done.

    Errors: BadInput when the folder is not a backup or its manifest can't be read.
    """
    finish(folder)
    path = folder / MANIFEST
    if not path.is_file():
        raise BadInput(f"{folder} is not a backup: it has no {MANIFEST}.", hint="Name the folder that holds it.")
    return _manifest(_read(path), path)


def commit(folder: Path, manifest: Manifest, moved: list[str], gone: list[str]) -> None:
    """Make a new backup the valid one: `moved` are staged, `gone` are in the old one only."""
    plan = {**_json(manifest), "moved": sorted(moved), "gone": sorted(gone)}
    failpoint("backup.before_commit")
    _write(folder / NEXT, plan)
    failpoint("backup.after_commit")
    finish(folder)


def finish(folder: Path) -> None:
    """Move the files of a backup that is valid already to their places. Safe to call again."""
    path = folder / NEXT
    if not path.is_file():
        return
    plan = _read(path)
    for name in plan["moved"]:
        staged, target = place_of(folder / INCOMING, name), place_of(folder, name)
        if staged.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(target)
            failpoint("backup.while_moving")
    for name in plan["gone"]:
        place_of(folder, name).unlink(missing_ok=True)
    _write(folder / MANIFEST, {key: value for key, value in plan.items() if key not in {"moved", "gone"}})
    failpoint("backup.before_tidying")
    path.unlink()
    shutil.rmtree(folder / INCOMING, ignore_errors=True)
    sync_folder(folder)


def place_of(folder: Path, name: str) -> Path:
    """Return where a file of a backup lies.

    Errors: BadInput for a name that would lead out of the folder.
    """
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name:
        raise BadInput(f"The backup names a file that lies outside of it: {name!r}.", hint="Don't trust this backup.")
    return folder.joinpath(*parts)


def mark_of(path: Path) -> FileMark:
    """Return the mark of a file."""
    with path.open("rb") as source:
        return _copied(source, None)


def copy_marked(path: Path, target: Path) -> FileMark:
    """Copy a file (as it was when it was opened) and give the mark of what was written."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + PARTIAL)
    try:
        with path.open("rb") as source, partial.open("wb") as out:
            mark = _copied(source, out)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return mark


def damaged_files(folder: Path, manifest: Manifest) -> dict[str, str]:
    """Read every file of a backup and name those that are not what the manifest says, with what is wrong."""
    wrong = {}
    for name, expected in sorted(manifest.files.items()):
        path = place_of(folder, name)
        if not path.is_file():
            wrong[name] = "is missing"
            continue
        try:
            found = mark_of(path)
        except OSError as error:
            wrong[name] = f"can't be read ({error.strerror})"
            continue
        if found.bytes != expected.bytes:
            wrong[name] = f"has {found.bytes} bytes instead of {expected.bytes}"
        elif found.sha256 != expected.sha256:
            wrong[name] = "has another content (its SHA-256 differs)"
    return wrong


def _copied(source: BinaryIO, out: BinaryIO | None) -> FileMark:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if out is not None:
            out.write(chunk)
    return FileMark(size, digest.hexdigest())


def _json(manifest: Manifest) -> dict[str, Any]:
    return {"format": FORMAT, "version": VERSION, **asdict(manifest)}


def _manifest(found: dict[str, Any], path: Path) -> Manifest:
    if found.get("format") != FORMAT or found.get("version") != VERSION:
        msg = f"{path} is not a manifest of {FORMAT} version {VERSION}."
        raise BadInput(msg, hint="Update the music tracker if it was made by a newer one.")
    said = found["published"]
    published = None
    if said:
        marts = {table: TableMark(mark["rows"], mark["checksum"]) for table, mark in said["marts"].items()}
        published = Published(said["published_at"], marts, said["later_files"], said["later_polls"])
    files = {name: FileMark(mark["bytes"], mark["sha256"]) for name, mark in found["files"].items()}
    return Manifest(found["made_at"], found["program"], files, published)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} can't be read.", hint="Make a new backup into an empty folder.") from error
    if not isinstance(found, dict):
        raise BadInput(f"{path} is not a manifest.", hint="Make a new backup into an empty folder.")
    return found


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write JSON that a person can read, complete or not at all."""
    partial = path.with_name(path.name + PARTIAL)
    with partial.open("w", encoding="utf-8") as out:
        json.dump(content, out, indent=1, sort_keys=True)
        out.write("\n")
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)
    sync_folder(path.parent)
