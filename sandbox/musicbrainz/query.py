"""The part of the search grammar that batches and name searches use: fields, OR, AND, NOT, brackets, "phrases".

    arid:(a OR b)      isrc:(A OR B)      artist:"Some Band"      recording:"T" AND artist:"N"

`parse` returns a tree, or None for text that the grammar does not cover; the search then reads it as plain words,
like the real one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

BATCH_FIELDS = ("arid", "aid", "mbid", "rid", "isrc")

_TOKEN = re.compile(
    r'\s*(?:(?P<open>\()|(?P<close>\))|(?P<field>[a-z]+):|(?P<phrase>"(?:\\.|[^"\\])*")|(?P<word>(?:\\.|[^\s()":\\])+))'
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One word or phrase, asked of a field (None = the default fields)."""

    field: str | None
    text: str
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class Branch:
    """Several parts joined by one operator; "not" has one part."""

    operator: Literal["and", "or", "not"]
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Many words asked of one field, any of which will do: a batch of ids."""

    field: str
    values: frozenset[str]


Node = Leaf | Branch | OneOf


class _Unreadable(Exception):
    pass


def parse(query: str) -> Node | None:
    """Return the tree of a query, or None when it cannot be read."""
    try:
        tokens = _tokens(query)
        node, rest = _any_of(tokens, 0, None)
        return node if rest == len(tokens) else None
    except _Unreadable:
        return None


def plain(query: str) -> Node:
    """Return the query as plain words, any of which may fit."""
    words = re.findall(r"\w+", query)
    return Branch("or", tuple(Leaf(None, word) for word in words))


def leaves(node: Node) -> list[Leaf]:
    """Return all words and phrases of a tree."""
    if isinstance(node, Leaf):
        return [node]
    if isinstance(node, OneOf):
        return [Leaf(node.field, value) for value in sorted(node.values)]
    return [leaf for part in node.parts for leaf in leaves(part)]


def _tokens(query: str) -> list[tuple[str, str]]:
    tokens, place = [], 0
    query = query.rstrip()
    while place < len(query):
        match = _TOKEN.match(query, place)
        if match is None or match.lastgroup is None:
            raise _Unreadable
        tokens.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return tokens


def _any_of(tokens: list[tuple[str, str]], place: int, field: str | None) -> tuple[Node, int]:
    parts: list[Node] = []
    while True:
        part, place = _all_of(tokens, place, field)
        parts.append(part)
        if place >= len(tokens) or tokens[place] != ("word", "OR"):
            return _either(parts), place
        place += 1


def _either(parts: list[Node]) -> Node:
    if len(parts) == 1:
        return parts[0]
    words = [part for part in parts if isinstance(part, Leaf) and not part.phrase]
    fields = {word.field for word in words}
    field = next(iter(fields)) if len(fields) == 1 and len(words) == len(parts) else None
    if field in BATCH_FIELDS:
        return OneOf(field, frozenset(word.text for word in words))
    return Branch("or", tuple(parts))


def _all_of(tokens: list[tuple[str, str]], place: int, field: str | None) -> tuple[Node, int]:
    parts = []
    while True:
        part, place = _one(tokens, place, field)
        parts.append(part)
        if place < len(tokens) and tokens[place] == ("word", "AND"):
            place += 1
        elif place >= len(tokens) or tokens[place][0] == "close" or tokens[place] == ("word", "OR"):
            return (parts[0] if len(parts) == 1 else Branch("and", tuple(parts))), place


def _one(tokens: list[tuple[str, str]], place: int, field: str | None) -> tuple[Node, int]:
    if place >= len(tokens):
        raise _Unreadable
    kind, text = tokens[place]
    if kind == "field":
        return _one(tokens, place + 1, text)
    if kind == "open":
        node, place = _any_of(tokens, place + 1, field)
        if place >= len(tokens) or tokens[place][0] != "close":
            raise _Unreadable
        return node, place + 1
    if kind == "word" and text == "NOT":
        node, place = _one(tokens, place + 1, field)
        return Branch("not", (node,)), place
    if kind == "close" or (kind == "word" and text in ("AND", "OR")):
        raise _Unreadable
    if kind == "phrase":
        return Leaf(field, _unescaped(text[1:-1]), phrase=True), place + 1
    return Leaf(field, _unescaped(text)), place + 1


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
