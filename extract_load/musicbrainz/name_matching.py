"""Compare names of artists and titles of tracks across services that spell them differently.

Stricter than a search, looser than equality: case, accents, punctuation, spaces, a leading "the" and the word "and" are
ignored; in titles, additions such as "- 2011 Remaster" or "(feat. Somebody)" are ignored too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from extract_load.core.text import fold_name

_ADDITION = (
    r"(?:feat|ft|featuring|with|remaster|remastered|live|mono|stereo|demo|acoustic|bonus|deluxe|single|album|radio|"
    r"original|extended|edit|version|mix|remix|anniversary|edition|explicit|clean|from|\d{4})"
)
_BRACKETS = re.compile(rf"\s*[(\[](?=[^)\]]*\b{_ADDITION}\b)[^)\]]*[)\]]", re.IGNORECASE)
_DASH = re.compile(rf"\s+[-–—]\s+(?=[^-–—]*\b{_ADDITION}\b)[^-–—]*$", re.IGNORECASE)
_GUEST = re.compile(r"\s+(?:feat\.?|ft\.?|featuring)\s.*$", re.IGNORECASE)


def name_form(name: str) -> str:
    """Return the comparison key of an artist's name."""
    words = fold_name(name).split()
    significant = [word for place, word in enumerate(words) if word != "and" and not (place == 0 and word == "the")]
    return "".join(significant or words)


def names_agree(ours: str, theirs: Iterable[str]) -> bool:
    """Return whether an artist's name is one of these."""
    key = name_form(ours)
    return bool(key) and any(name_form(name) == key for name in theirs)


def names_of(artist: Mapping[str, Any]) -> set[str]:
    """Return every name of an artist in MusicBrainz: its name and aliases, and their sort names in both word orders."""
    found = {artist.get("name"), artist.get("sort-name"), _reverse_sort_name(artist.get("sort-name"))}
    for alias in artist.get("aliases") or ():
        found |= {alias.get("name"), alias.get("sort-name"), _reverse_sort_name(alias.get("sort-name"))}
    return {name for name in found if name}


def plain_title(title: str) -> str:
    """Return a title without additions that differ between releases of the same recording."""
    plain = _GUEST.sub("", _DASH.sub("", _BRACKETS.sub("", title))).strip()
    return plain or title.strip()


def title_form(title: str) -> str:
    """Return the comparison key of a title."""
    return "".join(fold_name(plain_title(title)).split())


def is_distinctive(title: str) -> bool:
    """Return whether a title is long enough that two artists of the same name hardly share it by chance."""
    return len(title_form(title)) >= 10 and len(fold_name(plain_title(title)).split()) >= 2


def _reverse_sort_name(sort_name: str | None) -> str | None:
    """Return "Nina Simone" for "Simone, Nina", None for a sort name without a comma."""
    if not sort_name or ", " not in sort_name:
        return None
    last, first = sort_name.split(", ", 1)
    return f"{first} {last}"
