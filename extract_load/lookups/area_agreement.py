"""Order the living parents of an area by the country that is known to be meant.

A contested area has several living parents in different countries. The one is preferred that agrees with the area's own
ISO 3166-2 code, else with the country of most artists who come from the area or from an area below it; codes of areas
below count as one artist each. Without such evidence the order stays as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class KnownArea:
    """One area that was read: its own ISO 3166-1 code, whether it is a country, its living parents, best first.

    `countries` are those of the parents that are countries; `subdivision_country` is the country of its own ISO 3166-2
    code.
    """

    mbid: str
    code: str | None = None
    is_country: bool = False
    parents: tuple[str, ...] = ()
    countries: frozenset[str] = frozenset()
    subdivision_country: str | None = None

    @property
    def is_top(self) -> bool:
        """Return whether the way up ends here."""
        return self.is_country or self.code is not None


Votes = Mapping[str, Mapping[str, int]]


def prefer_agreeing_parents(
    known: Mapping[str, KnownArea], votes: Votes
) -> tuple[dict[str, KnownArea], frozenset[str]]:
    """Return the areas with their parents reordered, and the ids whose best country no parent leads to (yet).

    `votes`: by area, how many artists from there have which country (ISO 3166-1).
    """
    reach = _reachable_countries(known)
    total = _votes_with_descendants(known, votes)
    ordered = dict(known)
    unsettled: set[str] = set()
    for mbid, area in known.items():
        if area.is_top or len(area.parents) < 2:
            continue
        best = {area.subdivision_country} if area.subdivision_country else _most(total.get(mbid, {}))
        reached = set().union(*(reach.get(parent, set()) for parent in area.parents))
        if best and not best & reached:
            unsettled.add(mbid)
            best = _most({country: count for country, count in total.get(mbid, {}).items() if country in reached})
        agreeing = [parent for parent in area.parents if best & reach.get(parent, set())]
        if agreeing:
            rest = [parent for parent in area.parents if parent not in agreeing]
            ordered[mbid] = replace(area, parents=(*agreeing, *rest))
    return ordered, frozenset(unsettled)


def _most(votes: Mapping[str, int]) -> set[str | None]:
    """Return the countries with the most votes."""
    top = max(votes.values(), default=0)
    return {country for country, count in votes.items() if count == top}


def _reachable_countries(known: Mapping[str, KnownArea]) -> dict[str, set[str]]:
    """Return the country codes that each area leads to over any of its living parents."""
    children: dict[str, list[str]] = {}
    for area in known.values():
        if not area.is_top:
            for parent in area.parents:
                children.setdefault(parent, []).append(area.mbid)
    reach: dict[str, set[str]] = {area.mbid: {area.code} for area in known.values() if area.code}
    wave = list(reach)
    while wave:
        grown: dict[str, None] = {}
        for parent in wave:
            for child in children.get(parent, ()):
                before = reach.setdefault(child, set())
                if not reach[parent] <= before:
                    before |= reach[parent]
                    grown[child] = None
        wave = list(grown)
    return reach


def _votes_with_descendants(known: Mapping[str, KnownArea], votes: Votes) -> dict[str, Counter[str]]:
    """Return the votes of each area with those of all areas below it."""
    total: dict[str, Counter[str]] = {}
    for mbid, area in known.items():
        own = Counter(votes.get(mbid, {}))
        if area.subdivision_country:
            own[area.subdivision_country] += 1
        if own:
            for at in _with_ancestors(mbid, known):
                total.setdefault(at, Counter()).update(own)
    return total


def _with_ancestors(mbid: str, known: Mapping[str, KnownArea]) -> Iterable[str]:
    """Return an area and all areas above it, up to those where the way ends."""
    seen = {mbid: None}
    wave = [mbid]
    while wave:
        above = [parent for at in wave if at in known and not known[at].is_top for parent in known[at].parents]
        wave = [parent for parent in dict.fromkeys(above) if parent not in seen]
        seen.update(dict.fromkeys(wave))
    return seen
