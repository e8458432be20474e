"""The published files of a household: one listener's is chosen by the URL, and nobody's page reads another's file.

With one listener this is their one file, as ever. The registry says who there is at the moment of each request; a
listener without a file, or without plays, has no pages yet.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from extract_load.core.listener_registry import Listener as Registered
from extract_load.core.listeners import family_path, published_path_of, registry_of
from extract_load.core.settings import Settings
from page.database import Cursor, Database
from page.params import Listener


@dataclass(slots=True)
class Household:
    """The files of everybody who is registered, opened when first asked for."""

    settings: Settings
    _databases: dict[Path, Database] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def cursor(self, listener: str = "") -> Iterator[Cursor]:
        """Yield a cursor on the file of a listener, of the first one when nobody is named or known by that name.

        Errors: Unavailable when there is no file, or too many are waiting.
        """
        known = registry_of(self.settings)
        if len(known) == 1:
            with self._database(self.settings.published_path).cursor() as cursor:
                yield cursor
            return
        everybody = tuple(self._facts(one) for one in known)
        shown = tuple(one for one in everybody if one)
        ids = [one.listener_id for one in shown] or [known.listeners[0].listener_id]
        chosen = listener if listener in ids else ids[0]
        family = family_path(self.settings)
        with self._database(published_path_of(self.settings, chosen)).cursor() as cursor:
            facts = replace(cursor.facts, listeners=shown, family=family if family.is_file() else None)
            yield replace(cursor, facts=facts)

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            for database in self._databases.values():
                database.close()
            self._databases.clear()

    def _database(self, path: Path) -> Database:
        with self._lock:
            return self._databases.setdefault(path, Database(path))

    def _facts(self, registered: Registered) -> Listener | None:
        """Return what the file of a listener says about them, None without a file or plays."""
        path = published_path_of(self.settings, registered.listener_id)
        if not path.is_file():
            return None
        with self._database(path).cursor() as cursor:
            own = next((one for one in cursor.facts.listeners if one.listener_id == registered.listener_id), None)
            return replace(own, name=registered.name) if own else None
