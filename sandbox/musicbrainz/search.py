"""Searches of artists, areas and recordings: which documents fit a query, and how well.

A search first lists candidates by an index (ids, ISRCs, names), then checks the rest of the query on each. Scores are
relative to the best hit: 100 is the best found, not the right one.
"""

from __future__ import annotations

from typing import Any

from sandbox.musicbrainz.data import MusicBrainzData, Recording
from sandbox.musicbrainz.query import Leaf, Node, OneOf, leaves, parse, plain
from sandbox.world.areas import Area
from sandbox.world.artists import Artist
from sandbox.world.ids import UUID_PATTERN
from sandbox.world.text import word_list, words_of

ID_FIELDS = {"arid", "aid", "mbid", "rid"}


class BadQuery(Exception):
    """The search server cannot run the query."""


def run(data: MusicBrainzData, entity: str, query: str) -> list[tuple[Any, int]]:
    """Return the hits for a query, best first, as (document, score). Raises BadQuery for a malformed id."""
    node = parse(query) or plain(query)
    for leaf in leaves(node):
        if leaf.field in ID_FIELDS and not UUID_PATTERN.fullmatch(leaf.text):
            raise BadQuery(leaf.text)
    index = {"artist": _Artists, "area": _Areas, "recording": _Recordings}[entity](data)
    candidates = index.candidates(node)
    hits = [(document, index.fit(document, node)) for document in candidates.values()]
    hits = [(document, fit) for document, fit in hits if fit > 0]
    best = max((fit for _, fit in hits), default=1.0)
    hits.sort(key=lambda hit: -hit[1])
    return [(document, max(1, round(100 * fit / best))) for document, fit in hits]


class _Index:
    """Candidates and fit over a tree; what a single word means is said by the entity."""

    def __init__(self, data: MusicBrainzData) -> None:
        self.data = data
        self._folded: dict[OneOf, frozenset[str]] = {}

    def candidates(self, node: Node) -> dict[str, Any]:
        """Return documents that may fit, by id."""
        found = self._some(node)
        return self.everything() if found is None else found

    def fit(self, document: Any, node: Node) -> float:
        """Return how well a document fits, 0 = not at all."""
        if isinstance(node, Leaf):
            return self.leaf_fit(document, node)
        if isinstance(node, OneOf):
            return float(bool(self.keys(document, node.field) & self._wanted(node)))
        fits = [self.fit(document, part) for part in node.parts]
        if node.operator == "not":
            return 0.0 if fits[0] else 1.0
        if node.operator == "or":
            return max(fits)
        return sum(fits) / len(fits) if all(fits) else 0.0

    def _some(self, node: Node) -> dict[str, Any] | None:
        if isinstance(node, Leaf):
            return self.leaf_candidates(node)
        if isinstance(node, OneOf):
            found = [self.leaf_candidates(leaf) or {} for leaf in leaves(node)]
            return {key: document for part in found for key, document in part.items()}
        parts = [self._some(part) for part in node.parts]
        if node.operator == "or":
            if any(part is None for part in parts):
                return None
            return {key: document for part in parts for key, document in (part or {}).items()}
        if node.operator == "and":
            known = [part for part in parts if part is not None]
            return min(known, key=len) if known else None
        return None

    def _wanted(self, node: OneOf) -> frozenset[str]:
        if node not in self._folded:
            self._folded[node] = frozenset(value.casefold() for value in node.values)
        return self._folded[node]

    def keys(self, document: Any, field: str) -> set[str]:
        """Return the ids or codes of a document under a field of batches, in lower case."""
        raise NotImplementedError

    def everything(self) -> dict[str, Any]:
        raise NotImplementedError

    def leaf_candidates(self, leaf: Leaf) -> dict[str, Any] | None:
        raise NotImplementedError

    def leaf_fit(self, document: Any, leaf: Leaf) -> float:
        raise NotImplementedError


class _Artists(_Index):
    def keys(self, document: Artist, field: str) -> set[str]:
        return {document.mbid} if field in ("arid", "mbid") and document.mbid else set()

    def everything(self) -> dict[str, Any]:
        return {artist.mbid: artist for artist in self.data.world.artists if artist.mbid}

    def leaf_candidates(self, leaf: Leaf) -> dict[str, Any] | None:
        if leaf.field in ("arid", "mbid"):
            artist = self.data.artist(leaf.text)
            return {leaf.text: artist} if artist else {}
        if leaf.field in (None, "artist", "name", "alias", "sortname", "artistaccent"):
            named = self.data.artists_named(leaf.text, phrase=leaf.phrase)
            return {artist.mbid or "": artist for artist in named}
        return None

    def leaf_fit(self, document: Artist, leaf: Leaf) -> float:
        if leaf.field in ("arid", "mbid"):
            return float(document.mbid == leaf.text.lower())
        if leaf.field in ("type", "gender", "country", "tag", "comment"):
            return float(leaf.text.lower() in self._plain_values(document, leaf.field))
        names = [document.name] if leaf.field != "alias" else []
        if leaf.field in (None, "alias") and document.alias:
            names.append(document.alias)
        return max((_name_fit(name, leaf) for name in names), default=0.0)

    def _plain_values(self, artist: Artist, field: str) -> list[str]:
        if field == "tag":
            return [name for name, _ in artist.tags]
        if field == "country":
            code = self.data.world.map.areas[artist.area].iso_3166_1 if artist.area else None
            return [code.lower()] if code else []
        value = {"type": artist.type, "gender": artist.gender, "comment": artist.disambiguation}[field]
        return [value.lower()] if value else []


class _Areas(_Index):
    def keys(self, document: Area, field: str) -> set[str]:
        return {document.mbid} if field in ("aid", "mbid") else set()

    def everything(self) -> dict[str, Any]:
        return dict(self.data.world.map.areas)

    def leaf_candidates(self, leaf: Leaf) -> dict[str, Any] | None:
        if leaf.field in ("aid", "mbid"):
            area = self.data.world.map.areas.get(leaf.text.lower())
            return {area.mbid: area} if area else {}
        return None

    def leaf_fit(self, document: Area, leaf: Leaf) -> float:
        if leaf.field in ("aid", "mbid"):
            return float(document.mbid == leaf.text.lower())
        if leaf.field in ("iso", "iso1", "iso2"):
            return float(leaf.text.upper() in (document.iso_3166_1, document.iso_3166_2))
        if leaf.field == "type":
            return float(leaf.text.lower() == document.type.lower())
        alias = _name_fit(document.english_alias, leaf) if document.english_alias else 0.0
        return max(_name_fit(document.name, leaf), alias * 0.9)


class _Recordings(_Index):
    def keys(self, document: Recording, field: str) -> set[str]:
        if field == "isrc":
            return {code.casefold() for code in document.isrcs}
        if field == "arid":
            return {self.data.world.artists[document.artist].mbid or ""}
        return {document.mbid} if field == "rid" else set()

    def everything(self) -> dict[str, Any]:
        return self._of(self.data.world.artists)

    def leaf_candidates(self, leaf: Leaf) -> dict[str, Any] | None:
        if leaf.field == "isrc":
            return {recording.mbid: recording for recording in self.data.by_isrc(leaf.text.upper())}
        if leaf.field == "arid":
            artist = self.data.artist(leaf.text)
            return self._of([artist]) if artist else {}
        if leaf.field in ("artist", "artistname", "creditname"):
            return self._of(self.data.artists_named(leaf.text, phrase=leaf.phrase))
        return None

    def leaf_fit(self, document: Recording, leaf: Leaf) -> float:
        if leaf.field == "isrc":
            return float(leaf.text.upper() in document.isrcs)
        if leaf.field == "rid":
            return float(leaf.text.lower() == document.mbid)
        artist = self.data.world.artists[document.artist]
        if leaf.field == "arid":
            return float(artist.mbid == leaf.text.lower())
        if leaf.field in ("artist", "artistname", "creditname"):
            return _name_fit(artist.name, leaf)
        return _name_fit(document.title, leaf)

    def _of(self, artists: list[Artist]) -> dict[str, Any]:
        return {recording.mbid: recording for artist in artists for recording in self.data.recordings_of(artist.index)}


def _name_fit(name: str, leaf: Leaf) -> float:
    wanted, inside = word_list(leaf.text), word_list(name)
    if not wanted or not set(wanted) <= words_of(name):
        return 0.0
    if leaf.phrase and not any(inside[at : at + len(wanted)] == wanted for at in range(len(inside))):
        return 0.0
    return len(wanted) / len(inside)
