"""Whoever follows a citation arrives: `docs/contracts/spotify.md, section 2.4` names a section that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.support.documents import ROOT, documents, sections_of, text_of, tracked_files

CITED = re.compile(
    r"(?P<file>docs/[\w/]+\.md),\s+(?:#\s+)?sections?\s+(?P<numbers>\d[\d.]*(?:(?:,|\s+and|\s+to)\s+\d[\d.]*)*)"
)
LOOSE = re.compile(r"\b(?:contracts?|design)(?:, \w+)?, sections? \d", re.IGNORECASE)
CONTRACTS = ("spotify", "musicbrainz", "geocoding", "exports")


def citations(text: str) -> Iterator[tuple[str, str]]:
    """Yield the document and each section number that a text cites."""
    for found in CITED.finditer(text):
        for number in re.findall(r"\d+(?:\.\d+)?", found["numbers"]):
            yield found["file"], number


def sources() -> Iterator[tuple[str, str]]:
    """Yield each Python, SQL and YAML file and each document with its text."""
    for name in tracked_files():
        if name.endswith((".py", ".sql", ".yml", ".md")) and not name.startswith("tests/docs/"):
            yield name, text_of(name)


def test_every_citation_leads_to_a_section() -> None:
    """In code and documents; the contracts are cited at all."""
    wrong, cited = [], set()
    for name, text in sources():
        for document, number in citations(text):
            cited.add(document)
            if not (ROOT / document).is_file() or number not in sections_of(document):
                wrong.append(f"{name} cites {document}, section {number}")
    assert wrong == []
    assert {f"docs/contracts/{contract}.md" for contract in CONTRACTS} <= cited


def test_no_citation_leaves_its_document_out() -> None:
    """`contract, section 3` alone leads nowhere."""
    assert [name for name, text in sources() if LOOSE.search(text)] == []


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_contract_is_numbered_without_holes(contract: str) -> None:
    """So that a citation can be typed without a look; the last section holds the sources."""
    name = f"docs/contracts/{contract}.md"
    assert name in documents()
    tops = [int(number) for number in sections_of(name) if "." not in number]
    assert sorted(tops) == list(range(1, len(tops) + 1))
    assert re.search(rf"^## {max(tops)}\. Sources$", text_of(name), re.MULTILINE)


def test_a_wrong_citation_is_found() -> None:
    """Several numbers, a range, a line break inside a comment, and a section that is not there."""
    text = "Source: docs/contracts/spotify.md,\n# sections 2.4, 4 and 99; docs/architecture.md, section 2."
    assert list(citations(text)) == [
        ("docs/contracts/spotify.md", "2.4"),
        ("docs/contracts/spotify.md", "4"),
        ("docs/contracts/spotify.md", "99"),
        ("docs/architecture.md", "2"),
    ]
    assert "99" not in sections_of("docs/contracts/spotify.md")
    assert LOOSE.search("Source: contracts, Spotify, section 1.")
