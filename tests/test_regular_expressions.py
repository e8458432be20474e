"""Regular expressions mean the same on every Python that the project supports."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.test_architecture import modules

pytestmark = pytest.mark.fast

POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{+[0-9]*,?[0-9]*\}+)\+")


@pytest.mark.parametrize(
    ("pattern", "is_one"),
    [
        (r"(?:ab?c)*+", True),
        (r"(?:ab){0,4}+", True),
        (r"(?>ab|c)", False),
        (r"[ab]*+(?:c[ab]*+)*", False),
        (r"\d{0,14}+", False),
        (r"\)++", False),
    ],
)
def test_a_possessive_group_is_found(pattern: str, is_one: bool) -> None:
    assert bool(POSSESSIVE_GROUP.search(pattern)) is is_one


def test_no_group_is_possessive() -> None:
    """Python before 3.11.5 goes on behind a part that did not match in one (gh-106052): `1.` passed for a number."""
    found = [f"{name}: {text}" for name, path in modules().items() for text in _patterns(path)]
    assert [one for one in found if POSSESSIVE_GROUP.search(one)] == []


def _patterns(path: Path) -> list[str]:
    """Return the texts of a module that uses regular expressions; in an f-string those between its values."""
    source = path.read_text(encoding="utf-8")
    if "import re\n" not in source:
        return []
    texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return [
        text if isinstance(text, str) else text.decode("latin-1") for text in texts if isinstance(text, str | bytes)
    ]
