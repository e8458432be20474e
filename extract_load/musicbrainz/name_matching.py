"""When two names or two titles are the same, across services that spell differently.

Stricter than a search, looser than equality: case, accents, punctuation, spaces, a leading "the" and "and" do not
count; in titles, additions such as "- 2011 Remaster" or "(feat. Somebody)" do not count either.
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
    """Return the form of an artist's name that is compared."""
    words = fold_name(name).split()
    bare = [word for place, word in enumerate(words) if word != "and" and not (place == 0 and word == "the")]
    return "".join(bare or words)


def names_agree(ours: str, theirs: Iterable[str]) -> bool:
    """Return whether an artist's name is one of these."""
    form = name_form(ours)
    return bool(form) and any(name_form(name) == form for name in theirs)


def names_of(artist: Mapping[str, Any]) -> set[str]:
    """Return every name that MusicBrainz shows for an artist: name, sort name both ways round, aliases."""
    found = {artist.get("name"), artist.get("sort-name"), _turned(artist.get("sort-name"))}
    for alias in artist.get("aliases") or ():
        found |= {alias.get("name"), alias.get("sort-name"), _turned(alias.get("sort-name"))}
    return {name for name in found if name}


def plain_title(title: str) -> str:
    """Return a title without the additions that one release has and another has not."""
    bare = _GUEST.sub("", _DASH.sub("", _BRACKETS.sub("", title))).strip()
    return bare or title.strip()


def title_form(title: str) -> str:
    """Return the form of a title that is compared."""
    return "".join(fold_name(plain_title(title)).split())


def is_telling(title: str) -> bool:
    """Return whether a title is long enough that two artists of one name hardly share it by chance."""
    return len(title_form(title)) >= 10 and len(fold_name(plain_title(title)).split()) >= 2


def _turned(sort_name: str | None) -> str | None:
    """Turn "Simone, Nina" into "Nina Simone"."""
    if not sort_name or ", " not in sort_name:
        return None
    last, first = sort_name.split(", ", 1)
    return f"{first} {last}"
