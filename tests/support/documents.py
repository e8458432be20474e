"""The documents of the project: their paths, headings, links, names in backticks and commands."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE_SUFFIXES = frozenset({".py", ".sql", ".yml", ".yaml", ".toml", ".md", ".csv", ".tsv"})

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@cache
def tracked_files() -> tuple[str, ...]:
    """Return every file of the project, those not committed yet included, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(sorted({name for name in listed.stdout.splitlines() if (ROOT / name).exists()}))


def documents() -> tuple[str, ...]:
    """Return the documents that a person reads; the doc blocks of dbt are part of its own site."""
    return tuple(name for name in tracked_files() if name.endswith(".md") and not name.startswith("dbt_project/"))


def text_of(name: str) -> str:
    """Return a file of the project as text."""
    return (ROOT / name).read_text(encoding="utf-8")


def prose_of(name: str) -> str:
    """Return a document without its fenced blocks."""
    return _FENCE.sub("", text_of(name))


def backticked(name: str) -> list[str]:
    """Return what stands in single backticks in the prose of a document, line breaks as blanks."""
    return [" ".join(found.split()) for found in re.findall(r"(?<!`)`([^`]+)`(?!`)", prose_of(name))]


def headings_of(name: str) -> list[str]:
    """Return the headings of a document without their signs."""
    return re.findall(r"^#+ (.+)$", prose_of(name), re.MULTILINE)


def anchors_of(name: str) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings_of(name)}


def sections_of(name: str) -> set[str]:
    """Return the numbers of the numbered headings of a document: `2`, `2.4`."""
    return {found[1] for heading in headings_of(name) if (found := re.match(r"(\d+(?:\.\d+)?)\.? ", heading))}


def commands_of(name: str) -> list[str]:
    """Return the commands in the `bash` blocks of a document, in order, without comments."""
    found = []
    for language, block in _FENCE.findall(text_of(name)):
        if language == "bash":
            lines = (re.sub(r"\s+# .*", "", line).strip() for line in block.splitlines())
            found += [line for line in lines if line and not line.startswith("#")]
    return found
