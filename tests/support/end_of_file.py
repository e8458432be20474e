"""End each text file with one newline: `python -m tests.support.end_of_file FILE ...` fixes files and names them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path


def ended(content: bytes) -> bytes:
    """Return a file's content with exactly one newline at its end; an empty file stays empty."""
    stripped = content.rstrip(b"\r\n")
    return stripped + b"\n" if stripped else b""


def wrong_ends(paths: Sequence[Path], *, fix: bool = False) -> list[Path]:
    """Return the files that end otherwise; with `fix`, they are rewritten."""
    wrong = []
    for path in paths:
        content = path.read_bytes()
        if b"\0" not in content and ended(content) != content:
            wrong.append(path)
            if fix:
                path.write_bytes(ended(content))
    return wrong


if __name__ == "__main__":
    fixed = wrong_ends([Path(name) for name in sys.argv[1:]], fix=True)
    for path in fixed:
        print(f"fixed the end of {path}")
    sys.exit(1 if fixed else 0)
