"""The fingerprint of what decides the facts: the project's files and the versions that run them.

Always holds: the same files and versions give the same fingerprint, wherever the project lies; another content of a
file that can change a fact gives another one. The vars of a command line are added by the macro project_fingerprint.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("dbt-core", "dbt-duckdb", "duckdb")
# Reports are made anew by every build; seeds are compared by what they say of each play (int_built__pointers, _spans).
FILES = ("dbt_project.yml", "macros/**/*.sql", "models/staging/**/*", "models/intermediate/**/*", "models/marts/**/*")


def fingerprint_project(folder: Path) -> str:
    """Return the fingerprint of the dbt project in a folder."""
    digest = hashlib.sha256(" ".join(f"{name} {version(name)}" for name in PACKAGES).encode())
    for pattern in FILES:
        for file in sorted(folder.glob(pattern)):
            if file.is_file():
                digest.update(f"\n{file.relative_to(folder).as_posix()}\n".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()
