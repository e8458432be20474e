"""The embedded store: spool, cache and published files are in folders that everybody who needs them sees already."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from extract_load.core.settings import Settings


class FolderStore:
    """The folders of the settings; there is nobody to exchange files with."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data_dir

    def push(self, files: Sequence[Path]) -> int:  # noqa: ARG002
        """Return 0: a file is there for everybody when it has its name."""
        return 0

    def pull(self, known: Callable[[Sequence[str]], set[str]], since: date | None = None) -> int:  # noqa: ARG002
        """Return 0: no file is elsewhere."""
        return 0

    def put(self, file: Path, name: str) -> None:
        """Put a file in its place below the data directory by one rename."""
        target = self._folder / name
        if file.resolve() == target.resolve():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.new")
        shutil.copyfile(file, draft)
        draft.replace(target)

    def fetch(self, name: str, target: Path) -> bool:
        """Copy a file of the data directory; return whether there is one."""
        source = self._folder / name
        if not source.is_file():
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        return True
