"""Every link, file and name that a document gives is there."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from tests.support.documents import (
    CODE_SUFFIXES,
    ROOT,
    anchors_of,
    backticked,
    documents,
    prose_of,
    text_of,
    tracked_files,
)

README_WORDS = 900
MADE_BY_A_RUN = (".venv/", "data/", "dbt_project/target/", "DIR/", "plays.csv")
IN_DATA = ("src/", "cache/", "inbox/", "published/", "demo/")
"""What is not in the repository but made beside it; `data/README.md` says what lies there."""
FORMER = {"CHANGELOG.md"}
"""Tells of names that were."""
NAMES_FROM_OUTSIDE = ("docs/contracts/",)
"""Name files, fields and classes of services and other projects; what they name of ours is held by its path."""


@cache
def folders() -> frozenset[str]:
    """Return every folder of the project."""
    return frozenset(str(parent) for name in tracked_files() for parent in PurePosixPath(name).parents)


@cache
def words_of_the_code() -> frozenset[str]:
    """Return every word of code, settings and SQL, documents and tests of documents left out."""
    texts = (
        text_of(name)
        for name in tracked_files()
        if not name.endswith((".md", ".csv", ".tsv", ".gz", ".png")) and not name.startswith("tests/docs/")
    )
    return frozenset(word for text in texts for word in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", text))


def targets(name: str) -> list[str]:
    """Return the targets of the links of a document that lead into the project."""
    found = re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose_of(name))
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def broken(name: str) -> list[str]:
    """Return the links of a document that lead nowhere."""
    wrong = []
    for target in targets(name):
        path, _, anchor = target.partition("#")
        place = (ROOT / name).parent / path if path else ROOT / name
        if not place.exists() or (anchor and anchor not in anchors_of(str(place.resolve().relative_to(ROOT)))):
            wrong.append(target)
    return wrong


def is_there(path: str, document: str) -> bool:
    """Return whether a path in backticks is there: from the root, from the document, or as the end of one path."""
    wanted = path.rstrip("/")
    pattern = re.sub(r"<[^>]*>", "*", wanted)
    known = {*tracked_files(), *folders()}
    starts = ("", str(PurePosixPath(document).parent))
    if any(str(PurePosixPath(start, wanted)) in known for start in starts):
        return True
    return any(fnmatch(one, pattern) or fnmatch(one, f"*/{pattern}") for one in known)


def paths(name: str) -> list[str]:
    """Return what looks like a file or folder of ours among the words in backticks."""
    tops = {PurePosixPath(one).parts[0] for one in tracked_files() if "/" in one}
    foreign = name.startswith(NAMES_FROM_OUTSIDE)
    made = MADE_BY_A_RUN + (IN_DATA if name == "data/README.md" else ())
    found = []
    for word in backticked(name):
        if not re.fullmatch(r"[\w./<>*-]+", word) or word.startswith(("/", *made)):
            continue
        ours = "/" in word and word.split("/")[0] in tops
        if ours or (not foreign and (PurePosixPath(word).suffix in CODE_SUFFIXES or word.endswith("/"))):
            found.append(word)
    return found


def names(name: str) -> list[str]:
    """Return what looks like a name in code: with an underscore, in capitals, or in camel case."""
    found = []
    for word in backticked(name):
        if PurePosixPath(word).suffix in CODE_SUFFIXES:
            continue
        for part in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", word) if re.fullmatch(r"[\w.=()*<>]+", word) else ():
            if "_" in part.strip("_") or re.fullmatch(r"(?:[A-Z][a-z]+){2,}", part):
                found.append(part)
    return found


@pytest.mark.parametrize("name", documents())
def test_every_link_leads_somewhere(name: str) -> None:
    """Links into the project, with the heading that they name."""
    assert broken(name) == []


@pytest.mark.parametrize("name", [name for name in documents() if name not in FORMER])
def test_every_path_in_backticks_is_there(name: str) -> None:
    """A file that moves takes the documents along."""
    assert [path for path in paths(name) if not is_there(path, name)] == []


@pytest.mark.parametrize(
    "name", [name for name in documents() if name not in FORMER and not name.startswith(NAMES_FROM_OUTSIDE)]
)
def test_every_name_in_backticks_is_in_the_code(name: str) -> None:
    """A class, setting, table, column or function that is renamed takes the documents along."""
    assert [word for word in names(name) if word not in words_of_the_code() and not _begins_a_name(word)] == []


def _begins_a_name(word: str) -> bool:
    """Return whether a word with a star at its end (`spotify_*`) begins a name of the code."""
    return word.endswith("_") and any(known.startswith(word) for known in words_of_the_code())


def test_the_readme_is_short() -> None:
    """What comes before the settings is read in one go."""
    before, settings, _ = text_of("README.md").partition("\n## Settings\n")
    assert settings
    assert len(before.split()) <= README_WORDS


@pytest.mark.parametrize(
    "word",
    [
        "idempotent",
        "deduplicate",
        "tombstone",
        "quarantine",
        "reconcile",
        "backfill",
        "migration",
        "throttle",
        "orphan",
    ],
)
def test_a_term_of_the_field_leads_to_its_place(word: str) -> None:
    """In the glossary, in a row that names a file."""
    rows = [row for row in text_of("docs/glossary.md").splitlines() if word in row]
    assert rows
    assert all(re.search(r"\| (`[\w/.]+`|\[.+\]\(.+\)) \|$", row) for row in rows), rows


def test_no_document_is_an_island() -> None:
    """Each one is reached from the README by links."""
    reached, waiting = set(), ["README.md"]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        for target in targets(name):
            place = ((ROOT / name).parent / target.partition("#")[0]).resolve()
            inside = str(place.relative_to(ROOT))
            waiting += [one for one in documents() if one == inside or one.startswith(f"{inside}/")]
    assert set(documents()) - reached == set()


def test_what_is_not_there_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link, a heading, a path and a name that are gone."""
    (tmp_path / "page.md").write_text(
        "# One\n[a](page.md#one) [b](page.md#two) [c](gone.md) [d](https://example.org)\n"
        "`extract_load/gone.py` `ab_cd`\n"
    )
    monkeypatch.setattr("tests.support.documents.ROOT", tmp_path)
    monkeypatch.setattr("tests.docs.test_links.ROOT", tmp_path)
    assert broken("page.md") == ["page.md#two", "gone.md"]
    assert paths("page.md") == ["extract_load/gone.py"]
    assert not is_there("extract_load/gone.py", "page.md")
    assert names("page.md") == ["ab_cd"]
