"""The registry of listeners: a small file inside the spool that names who listens here, without any secret.

There is none while one listener is all: then LISTENER_ID is the listener. The first `listener add` writes it, with the
listener of LISTENER_ID as `home`. It lies in the spool, so it survives a rebuild and is part of every backup. Apps and
tokens are secrets and lie elsewhere (listeners.py).
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from extract_load.core.errors import MALFORMED, ConfigurationError

FILE_NAME = "listeners.json"
RESERVED_IDS = frozenset({"family", "all"})
_VERSION = 1
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Listener:
    """One listener: the name to show, their zone ("": LISTENER_TIMEZONE), whether the family file may use them."""

    listener_id: str
    name: str = ""
    time_zone: str = ""
    shares: bool = False

    @property
    def shown(self) -> str:
        """The name to show a person: the given one, else the id."""
        return self.name or self.listener_id


@dataclass(frozen=True, slots=True)
class Registry:
    """All registered listeners, the first one added first; `home` is the id of the one whom the settings describe."""

    listeners: tuple[Listener, ...] = ()
    home: str | None = None

    def __iter__(self) -> Iterator[Listener]:
        """Yield the listeners."""
        return iter(self.listeners)

    def __len__(self) -> int:
        """Return how many listeners there are."""
        return len(self.listeners)

    def find(self, listener_id: str) -> Listener | None:
        """Return the listener of an id, None without one."""
        return next((one for one in self.listeners if one.listener_id == listener_id), None)

    def put(self, listener: Listener) -> Registry:
        """Return the registry with a listener added at the end, or changed in place."""
        if self.find(listener.listener_id) is None:
            return replace(self, listeners=(*self.listeners, listener))
        changed = (listener if one.listener_id == listener.listener_id else one for one in self.listeners)
        return replace(self, listeners=tuple(changed))

    def without(self, listener_id: str) -> Registry:
        """Return the registry without a listener."""
        kept = tuple(one for one in self.listeners if one.listener_id != listener_id)
        return Registry(kept, None if self.home == listener_id else self.home)

    @property
    def says_nothing(self) -> bool:
        """Whether it says no more than an absent one would: no listener, or the one of the settings as they are."""
        return self.listeners in ((), (Listener(self.home or ""),))


def is_usable_id(listener_id: str) -> bool:
    """Return whether an id can name a folder: letters, digits, `_.-`, a letter or digit first, and none of ours."""
    return bool(_ID.fullmatch(listener_id)) and listener_id.lower() not in RESERVED_IDS


def read_registry(path: Path) -> Registry:
    """Return the registry; an empty one where there is no file.

    Errors: ConfigurationError when it can't be read: with a part of it somebody's plays would go to somebody else.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Registry()
    except OSError as error:
        raise _unreadable(path) from error
    try:
        return _parse(orjson.loads(content))
    except MALFORMED as error:
        raise _unreadable(path) from error


def write_registry(path: Path, registry: Registry, *, is_shared: bool = False) -> None:
    """Write the registry, readable by its owner alone, complete or not at all.

    One that says nothing is removed, unless it goes to other machines (`is_shared`), which would keep what they have.
    """
    if registry.says_nothing and not is_shared:
        path.unlink(missing_ok=True)
        return
    told = [
        {"id": one.listener_id, "name": one.name, "time_zone": one.time_zone, "shares": one.shares} for one in registry
    ]
    content = {"version": _VERSION, "home": registry.home, "listeners": told}
    write_private(path, orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read (0600), complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # a unique name: two processes that shared one would remove each other's file
    partial = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _parse(found: Any) -> Registry:
    listeners = tuple(
        Listener(_text(one["id"]), _text(one["name"]), _text(one["time_zone"]), one["shares"] is True)
        for one in found["listeners"]
    )
    home = found["home"]
    ids = {one.listener_id for one in listeners}
    if found["version"] != _VERSION or len(ids) < len(listeners) or (home is not None and home not in ids):
        raise ValueError
    if not all(is_usable_id(one) for one in ids):
        raise ValueError
    return Registry(listeners, home)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _unreadable(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"The list of listeners {path.name} can't be read, or is of a newer version.", hint="Restore it from a backup."
    )
