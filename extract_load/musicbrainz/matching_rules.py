"""Decide who a Spotify artist, or a name in an export, is in MusicBrainz. Pure functions: evidence in, decision out.

A decision is `found` only when two things agree: the page that MusicBrainz links and the name, an ISRC and the name, or
a title and the name. What falls short is a `review` row with its candidates, never a guess: a wrong origin is worse
than none. Special purpose artists are nobody. Source: docs/contracts/musicbrainz.md, sections 2, 3, 6 and 7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from extract_load.musicbrainz.client import SPECIAL_PURPOSE
from extract_load.musicbrainz.name_matching import is_telling, names_agree, names_of, title_form
from extract_load.storage.spool import Envelope

Json = Mapping[str, Any]
Status = Literal["found", "not_found", "review", "gone", "failed"]

NOT_FOUND_DAYS = 28
MOST_DAYS = 364
LENGTH_TOLERANCE = 5_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Question:
    """One artist to be identified. `targets` are the artists (MBID -> name) that MusicBrainz links the page to.

    `attempts` counts the rounds so far; `tried` the ways of this round (url, isrc, name); `country` is the one that the
    page showed for its only target.
    """

    artist_key: str
    name: str
    spotify_id: str | None = None
    attempts: int = 0
    tried: tuple[str, ...] = ()
    targets: Mapping[str, str] = field(default_factory=dict)
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Title:
    """One of the artist's titles, with its length in milliseconds where that is known."""

    text: str
    length: int | None = None

    def has_length(self, other: int | None) -> bool | None:
        """Return whether a recording is as long as this; None where either length is unknown."""
        if self.length is None or other is None:
            return None
        return abs(self.length - other) <= LENGTH_TOLERANCE


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one question; `candidates` are MBIDs with their names, `reason` says why nobody was accepted."""

    question: Question
    status: Status
    way: str
    mbid: str | None = None
    score: float | None = None
    reason: str = ""
    country: str | None = None
    candidates: Mapping[str, str] = field(default_factory=dict)
    support: Mapping[str, int] = field(default_factory=dict)

    def envelope(self, run_id: str, at: datetime) -> Envelope:
        """Return the decision as a line of the cache. A miss is asked again after weeks, each time later."""
        asked = self.question
        # The first way of a round opens it; ISRC and name search go on with it.
        attempts = asked.attempts + (0 if asked.tried else 1)
        wait = min(NOT_FOUND_DAYS * 2 ** (attempts - 1), MOST_DAYS) if attempts else NOT_FOUND_DAYS
        settled = self.status == "found"
        evidence: dict[str, Any] = {
            "name": asked.name,
            "tried": list(dict.fromkeys((*asked.tried, self.way))),
            "targets": dict(asked.targets),
            "country": self.country or asked.country,
            "reason": self.reason or None,
            "candidates": dict(self.candidates),
            "support": dict(self.support),
        }
        payload = {
            "artist_key": asked.artist_key,
            "status": self.status,
            "mbid": self.mbid,
            "method": self.way if self.mbid or self.candidates else None,
            "score": self.score,
            "evidence": {key: value for key, value in evidence.items() if value},
            "attempts": attempts,
            "next_attempt_at": None if settled else (at + timedelta(days=wait)).isoformat(sep=" "),
            "message": self.reason or None,
        }
        return Envelope("musicbrainz", "match", run_id, at, payload, {"id": asked.artist_key, "way": self.way})


def decide_by_page(asked: Question, page: Json | None) -> Decision:
    """Decide by the Spotify page: exactly one living artist is linked, and bears the name."""
    living = {one["id"]: one for one in _linked_artists(page)} if page else {}
    linked = {mbid: one for mbid, one in living.items() if mbid not in SPECIAL_PURPOSE}
    candidates = {mbid: str(one.get("name", "")) for mbid, one in linked.items()}
    if living and not linked:
        nobody = replace(asked, tried=(*asked.tried, "isrc", "name"))  # recordings would say the same
        return Decision(nobody, "not_found", "url", reason="the page is that of a special purpose artist")
    if not linked:
        reason = "MusicBrainz does not link this Spotify page" if page is None else "the link has ended"
        return Decision(asked, "not_found", "url", reason=reason)
    if len(linked) > 1:
        reason = f"the Spotify page is linked to {len(linked)} artists"
        return Decision(replace(asked, targets=candidates), "review", "url", reason=reason, candidates=candidates)
    mbid, one = next(iter(linked.items()))
    asked = replace(asked, targets=candidates, country=one.get("country"))
    if names_agree(asked.name, names_of(one)):
        return Decision(asked, "found", "url", mbid, 1.0, candidates=candidates)
    reason = "the linked artist has another name"
    return Decision(asked, "review", "url", mbid, 0.5, reason=reason, candidates=candidates)


def decide_by_aliases(asked: Question, mbid: str, document: Json) -> Decision | None:
    """Decide again when the linked artist's aliases are known; None as long as no name agrees."""
    if not names_agree(asked.name, names_of(document)):
        return None
    return Decision(asked, "found", "url", mbid, 0.95, candidates={mbid: str(document.get("name", ""))})


def decide_by_isrcs(asked: Question, titles: Mapping[str, str], recordings: Iterable[Json]) -> Decision:
    """Decide by recordings that carry ISRCs of the artist's own tracks (`titles`: ISRC -> title of the track).

    One MBID of that name must dominate: two ISRCs and twice the next one's, or the only answered ISRC with its title.
    """
    support, confirmed, names = _Support(), _Support(), dict[str, str]()
    for recording in recordings:
        for isrc in titles.keys() & set(recording.get("isrcs") or ()):
            for mbid, name in _credited(asked, recording):
                names[mbid] = name
                support.add(mbid, isrc)
                if title_form(titles[isrc]) == title_form(str(recording.get("title", ""))):
                    confirmed.add(mbid, isrc)
    return _settle(
        asked,
        "isrc",
        support,
        names,
        lone_is_enough=lambda mbid: bool(confirmed.of(mbid)),
        scores=(0.95, 0.85),
        share=0.5,
    )


def decide_by_titles(asked: Question, titles: Sequence[Title], recordings: Iterable[Json]) -> Decision:
    """Decide by recordings of the listener's own titles under the artist's exact name.

    A recording of another length is another one (a cover, perhaps). Nobody else may have any of the titles, and two
    thirds of them must be there; a single title must be telling, and its length known and right. A name in an export
    may stand for several artists: then the most of them are nobody's.
    """
    wanted = {title_form(title.text): title for title in titles}
    support, telling, names = _Support(), _Support(), dict[str, str]()
    for recording in recordings:
        form = title_form(str(recording.get("title", "")))
        title = wanted.get(form)
        if title is None:
            continue
        right_length = title.has_length(recording.get("length"))
        if right_length is False:
            continue
        for mbid, name in _credited(asked, recording):
            names[mbid] = name
            support.add(mbid, form)
            if right_length and is_telling(title.text):
                telling.add(mbid, form)
    return _settle(
        asked,
        "name",
        support,
        names,
        lone_is_enough=lambda mbid: bool(telling.of(mbid)),
        scores=(0.9, 0.75),
        share=0,
        least=len(titles) * 2 / 3,
    )


class _Support:
    """Counts, for each candidate, the different things that speak for it."""

    def __init__(self) -> None:
        self._of: dict[str, set[str]] = {}

    def add(self, mbid: str, thing: str) -> None:
        self._of.setdefault(mbid, set()).add(thing)

    def of(self, mbid: str) -> set[str]:
        return self._of.get(mbid, set())

    def ranked(self) -> list[tuple[str, int]]:
        return sorted(((mbid, len(things)) for mbid, things in self._of.items()), key=lambda one: (-one[1], one[0]))


def _settle(
    asked: Question,
    way: str,
    support: _Support,
    names: Mapping[str, str],
    *,
    lone_is_enough: Callable[[str], bool],
    scores: tuple[float, float],
    share: float,
    least: float = 1,
) -> Decision:
    """Accept the candidate that dominates, if the Spotify page does not speak against it.

    `share` is what the next candidate may have of the best one's support, `least` is what the best one needs of it;
    `scores` are those of several supports and of a single one.
    """
    ranked = support.ranked()
    if not ranked:
        reason = "no recording of this artist was found"
        if not asked.targets:
            return Decision(asked, "not_found", way, reason=reason)
        # What the page said stays under review.
        only = next(iter(asked.targets)) if len(asked.targets) == 1 else None
        return Decision(asked, "review", way, only, 0.5, reason=reason, candidates=asked.targets)
    counts = dict(ranked)
    (best, most), rival = ranked[0], ranked[1][1] if len(ranked) > 1 else 0
    candidates = {mbid: names[mbid] for mbid, _ in ranked[:5]}
    if asked.targets and best not in asked.targets:
        reason = "the recordings speak for another artist than the Spotify page"
    elif most < least:
        reason = "most of the titles are not this artist's"
    elif most >= 2 and rival <= share * most:
        return Decision(asked, "found", way, best, scores[0], candidates=candidates, support=counts)
    elif rival == 0 and lone_is_enough(best):
        return Decision(asked, "found", way, best, scores[1], candidates=candidates, support=counts)
    else:
        reason = "several artists of this name have these recordings" if rival else "one recording is not enough"
    return Decision(asked, "review", way, reason=reason, candidates=candidates, support=counts)


def _linked_artists(page: Json) -> Iterable[Json]:
    """Yield the artists of living relations; the type of the relation was renamed before, so it is not asked for."""
    for relation in page.get("relations") or ():
        artist = relation.get("artist")
        if artist and relation.get("ended") is not True:
            yield artist


def _credited(asked: Question, recording: Json) -> Iterable[tuple[str, str]]:
    """Yield the credited artists that can be meant: of the name, or the first one, if the page is linked to it."""
    for place, credit in enumerate(recording.get("artist-credit") or ()):
        artist = credit.get("artist") or {}
        mbid = artist.get("id")
        if not mbid or mbid in SPECIAL_PURPOSE:
            continue
        names = names_of(artist) | {str(credit.get("name") or "")}
        if names_agree(asked.name, names) or (place == 0 and mbid in asked.targets):
            yield mbid, str(artist.get("name") or "")
