"""The manifest of a backup: its layout on disk, and the commit from one complete state to the next.

`DIR/manifest.json` names every file with its size and SHA-256; the files lie beside it as in the data directory
(`src/...`, `cache/...`, `seeds/...`, `state.sqlite`). New content is first written below `DIR/.incoming/`; then one
rename, to `manifest.next.json`, makes the new backup the valid one, and the files are moved to their places. A kill
before that rename leaves the old backup, a kill after it is finished by the next backup; who only looks reads the files
where they are and changes nothing. A backup may come from elsewhere: names that lead out of it, and links, are refused.
Source: docs/backup.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from extract_load.core.errors import BadInput
from extract_load.core.failpoints import failpoint
from extract_load.maintenance.manifest_parser import (
    FORMAT,
    INCOMING,
    LISTENERS,
    MANIFEST,
    NEXT,
    SEEDS,
    STATE,
    VERSION,
    FileMark,
    Manifest,
    Published,
    parse_manifest,
    place_of,
)
from extract_load.maintenance.manifest_parser import read_json as _read
from extract_load.storage.gzip_files import PARTIAL, sync_folder

__all__ = [
    "INCOMING",
    "LISTENERS",
    "MANIFEST",
    "NEXT",
    "SEEDS",
    "STATE",
    "FileMark",
    "Manifest",
    "Published",
    "place_of",
]

_CHUNK = 1 << 20


def read_manifest(folder: Path) -> Manifest:
    """Read a backup's manifest; nothing in the folder is changed, so a backup on a read-only disk can be read.

    Errors: BadInput when the folder is not a backup, its manifest can't be read, or it names what no backup holds.
    """
    place = folder / NEXT if os.path.lexists(folder / NEXT) else folder / MANIFEST
    if not os.path.lexists(place):
        raise BadInput(f"{folder} is not a backup: it has no {MANIFEST}.", hint="Name the folder that holds it.")
    return parse_manifest(_read(place), place)


def commit(folder: Path, manifest: Manifest, moved: list[str], gone: list[str]) -> None:
    """Make a new backup the valid one: `moved` are staged, `gone` are in the old one only."""
    plan = {**_json(manifest), "moved": sorted(moved), "gone": sorted(gone)}
    failpoint("backup.before_commit")
    _write(folder / NEXT, plan)
    failpoint("backup.after_commit")
    finish(folder)


def finish(folder: Path) -> None:
    """Move the files of a backup that is valid already to their places. Safe to call again.

    Only making a backup calls this; who looks at one reads the files where they are (`file_of`).
    Errors: BadInput when the plan names what no backup holds, or a link lies in the way.
    """
    path = folder / NEXT
    if not path.is_file():
        return
    plan = _read(path)
    parse_manifest(plan, path)
    for name in plan["moved"]:
        staged, target = backup_place(incoming_of(folder), name), backup_place(folder, name)
        if staged.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(target)
            failpoint("backup.while_moving")
    for name in plan["gone"]:
        backup_place(folder, name).unlink(missing_ok=True)
    _write(folder / MANIFEST, {key: value for key, value in plan.items() if key not in {"moved", "gone"}})
    failpoint("backup.before_tidying")
    path.unlink()
    shutil.rmtree(folder / INCOMING, ignore_errors=True)
    sync_folder(folder)


def incoming_of(folder: Path) -> Path:
    """Return the folder of what a backup is still to move. Errors: BadInput when it is a link."""
    incoming = folder / INCOMING
    if incoming.is_symlink():
        raise BadInput(f"{incoming} is a link; a backup holds none.", hint="Don't trust this backup.")
    return incoming


def backup_place(folder: Path, name: str) -> Path:
    """Return where a file of a backup belongs in its folder.

    Errors: BadInput for a name that would lead out of the folder, also by way of a link.
    """
    path = place_of(folder, name)
    for part in (path, *path.parents):
        if part == folder:
            break
        if part.is_symlink():
            raise BadInput(f"{part} is a link; a backup holds none.", hint="Don't trust this backup.")
    return path


def file_of(folder: Path, manifest: Manifest, name: str) -> Path:
    """Return where the content of a file of a backup is, whether it exists or not. Errors: as backup_place."""
    staged = backup_place(incoming_of(folder), name) if name in manifest.staged else None
    return staged if staged is not None and staged.is_file() else backup_place(folder, name)


def mark_of(path: Path) -> FileMark:
    """Return the mark of a file."""
    with path.open("rb") as source:
        return _copied(source, None)


def copy_marked(path: Path, target: Path) -> FileMark:
    """Copy a file (as it was when it was opened) and return the mark of what was written."""
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
        try:
            path = file_of(folder, manifest, name)
            if not path.is_file():
                wrong[name] = "is missing"
                continue
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
    said = asdict(manifest)
    del said["staged"]
    return {"format": FORMAT, "version": VERSION, **said}


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
