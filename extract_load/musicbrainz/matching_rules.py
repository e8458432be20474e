"""Decide which MusicBrainz artist a Spotify artist, or a name in an export, is: pure functions of the evidence.

A decision is `found` only when two facts agree: the linked Spotify page and the name, an ISRC and the name, or a title
and the name. Weaker evidence gives a `review` row with its candidates, never a guess: a wrong origin is worse than
none. Special purpose artists are never matched. Source: docs/contracts/musicbrainz.md, sections 2, 3, 6 and 7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from extract_load.musicbrainz.client import SPECIAL_PURPOSE
from extract_load.musicbrainz.name_matching import is_distinctive, names_agree, names_of, title_form
from extract_load.storage.spool import Envelope

Json = Mapping[str, Any]
Status = Literal["found", "not_found", "review", "gone", "failed"]

NOT_FOUND_DAYS = 28
MOST_DAYS = 364
LENGTH_TOLERANCE = 5_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Question:
    """One artist to be matched.

    `attempts` counts the rounds so far; `tried` holds the methods of this round (url, isrc, name); `targets` are the
    artists (MBID -> name) that MusicBrainz links the Spotify page to; `country` is that of the only target.
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
    """One title of the artist; `length` in milliseconds, None when unknown."""

    text: str
    length: int | None = None

    def has_length(self, other: int | None) -> bool | None:
        """Return whether a recording of this length can be the title; None when either length is unknown."""
        if self.length is None or other is None:
            return None
        return abs(self.length - other) <= LENGTH_TOLERANCE


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one question, by one method (url, isrc, name).

    `candidates` are MBIDs with their names, `support` the number of agreeing facts by MBID, `reason` says why no artist
    was accepted.
    """

    question: Question
    status: Status
    method: str
    mbid: str | None = None
    score: float | None = None
    reason: str = ""
    country: str | None = None
    candidates: Mapping[str, str] = field(default_factory=dict)
    support: Mapping[str, int] = field(default_factory=dict)

    def envelope(self, run_id: str, at: datetime) -> Envelope:
        """Return the decision as an envelope.

        Unless it is `found`, it expires: the next attempt is due after 28 days, then after twice as long each time, up
        to 364 days.
        """
        question = self.question
        # The first method of a round counts as the attempt; the others belong to the same round.
        attempts = question.attempts + (0 if question.tried else 1)
        wait = min(NOT_FOUND_DAYS * 2 ** (attempts - 1), MOST_DAYS) if attempts else NOT_FOUND_DAYS
        settled = self.status == "found"
        evidence: dict[str, Any] = {
            "name": question.name,
            "tried": list(dict.fromkeys((*question.tried, self.method))),
            "targets": dict(question.targets),
            "country": self.country or question.country,
            "reason": self.reason or None,
            "candidates": dict(self.candidates),
            "support": dict(self.support),
        }
        payload = {
            "artist_key": question.artist_key,
            "status": self.status,
            "mbid": self.mbid,
            "method": self.method if self.mbid or self.candidates else None,
            "score": self.score,
            "evidence": {key: value for key, value in evidence.items() if value},
            "attempts": attempts,
            "next_attempt_at": None if settled else (at + timedelta(days=wait)).isoformat(sep=" "),
            "message": self.reason or None,
        }
        return Envelope("musicbrainz", "match", run_id, at, payload, {"id": question.artist_key, "way": self.method})


def decide_by_page(question: Question, page: Json | None) -> Decision:
    """Return the decision by Spotify page: exactly one artist is linked (not ended), and has the name."""
    active = {one["id"]: one for one in _linked_artists(page)} if page else {}
    linked = {mbid: one for mbid, one in active.items() if mbid not in SPECIAL_PURPOSE}
    candidates = {mbid: str(one.get("name", "")) for mbid, one in linked.items()}
    if active and not linked:
        settled = replace(question, tried=(*question.tried, "isrc", "name"))  # recordings would lead to the same artist
        return Decision(settled, "not_found", "url", reason="the page is that of a special purpose artist")
    if not linked:
        reason = "MusicBrainz does not link this Spotify page" if page is None else "the link has ended"
        return Decision(question, "not_found", "url", reason=reason)
    if len(linked) > 1:
        reason = f"the Spotify page is linked to {len(linked)} artists"
        return Decision(replace(question, targets=candidates), "review", "url", reason=reason, candidates=candidates)
    mbid, one = next(iter(linked.items()))
    question = replace(question, targets=candidates, country=one.get("country"))
    if names_agree(question.name, names_of(one)):
        return Decision(question, "found", "url", mbid, 1.0, candidates=candidates)
    reason = "the linked artist has another name"
    return Decision(question, "review", "url", mbid, 0.5, reason=reason, candidates=candidates)


def decide_by_aliases(question: Question, mbid: str, document: Json) -> Decision | None:
    """Return the decision when the aliases of the linked artist are known; None as long as no name agrees."""
    if not names_agree(question.name, names_of(document)):
        return None
    return Decision(question, "found", "url", mbid, 0.95, candidates={mbid: str(document.get("name", ""))})


def decide_by_isrcs(question: Question, titles: Mapping[str, str], recordings: Iterable[Json]) -> Decision:
    """Return the decision by recordings with ISRCs of the artist's tracks (`titles`: ISRC -> title of the track).

    One MBID of that name must dominate: with two ISRCs and twice as many as the next candidate, or with the only ISRC
    that was found, when its title agrees.
    """
    support, confirmed, names = _Support(), _Support(), dict[str, str]()
    for recording in recordings:
        for isrc in titles.keys() & set(recording.get("isrcs") or ()):
            for mbid, name in _credited_artists(question, recording):
                names[mbid] = name
                support.add(mbid, isrc)
                if title_form(titles[isrc]) == title_form(str(recording.get("title", ""))):
                    confirmed.add(mbid, isrc)
    return _choose_dominant(
        question,
        "isrc",
        support,
        names,
        lone_is_enough=lambda mbid: bool(confirmed.of(mbid)),
        scores=(0.95, 0.85),
        share=0.5,
    )


def decide_by_titles(question: Question, titles: Sequence[Title], recordings: Iterable[Json]) -> Decision:
    """Return the decision by recordings of the listener's titles under the artist's exact name.

    A recording of another length does not count (it may be a cover). No other artist may have any of the titles, and
    two thirds of them must be found; a single title must be distinctive, with a known and equal length. A name in an
    export may stand for several artists, so most of the titles must belong to one.
    """
    wanted = {title_form(title.text): title for title in titles}
    support, distinctive, names = _Support(), _Support(), dict[str, str]()
    for recording in recordings:
        key = title_form(str(recording.get("title", "")))
        title = wanted.get(key)
        if title is None:
            continue
        right_length = title.has_length(recording.get("length"))
        if right_length is False:
            continue
        for mbid, name in _credited_artists(question, recording):
            names[mbid] = name
            support.add(mbid, key)
            if right_length and is_distinctive(title.text):
                distinctive.add(mbid, key)
    return _choose_dominant(
        question,
        "name",
        support,
        names,
        lone_is_enough=lambda mbid: bool(distinctive.of(mbid)),
        scores=(0.9, 0.75),
        share=0,
        least=len(titles) * 2 / 3,
    )


class _Support:
    """The different facts (ISRCs or titles) that support each candidate."""

    def __init__(self) -> None:
        self._facts_by_mbid: dict[str, set[str]] = {}

    def add(self, mbid: str, fact: str) -> None:
        self._facts_by_mbid.setdefault(mbid, set()).add(fact)

    def of(self, mbid: str) -> set[str]:
        return self._facts_by_mbid.get(mbid, set())

    def ranked(self) -> list[tuple[str, int]]:
        return sorted(
            ((mbid, len(facts)) for mbid, facts in self._facts_by_mbid.items()), key=lambda one: (-one[1], one[0])
        )


def _choose_dominant(
    question: Question,
    method: str,
    support: _Support,
    names: Mapping[str, str],
    *,
    lone_is_enough: Callable[[str], bool],
    scores: tuple[float, float],
    share: float,
    least: float = 1,
) -> Decision:
    """Return `found` for the candidate that dominates, unless the Spotify page contradicts it; else `review`.

    The best candidate needs at least `least` facts, and the next one may have at most `share` of its number;
    `lone_is_enough` says whether a single fact suffices; `scores` are for several facts and for a single one.
    """
    ranked = support.ranked()
    if not ranked:
        reason = "no recording of this artist was found"
        if not question.targets:
            return Decision(question, "not_found", method, reason=reason)
        # The candidates of the page stay under review.
        only_target = next(iter(question.targets)) if len(question.targets) == 1 else None
        return Decision(question, "review", method, only_target, 0.5, reason=reason, candidates=question.targets)
    counts = dict(ranked)
    (best, most), rival = ranked[0], ranked[1][1] if len(ranked) > 1 else 0
    candidates = {mbid: names[mbid] for mbid, _ in ranked[:5]}
    if question.targets and best not in question.targets:
        reason = "the recordings belong to another artist than the one on the Spotify page"
    elif most < least:
        reason = "most of the titles are not this artist's"
    elif most >= 2 and rival <= share * most:
        return Decision(question, "found", method, best, scores[0], candidates=candidates, support=counts)
    elif rival == 0 and lone_is_enough(best):
        return Decision(question, "found", method, best, scores[1], candidates=candidates, support=counts)
    else:
        reason = "several artists of this name have these recordings" if rival else "one recording is not enough"
    return Decision(question, "review", method, reason=reason, candidates=candidates, support=counts)


def _linked_artists(page: Json) -> Iterable[Json]:
    """Yield the artists of relations that have not ended, of any type: MusicBrainz has renamed the type before."""
    for relation in page.get("relations") or ():
        artist = relation.get("artist")
        if artist and relation.get("ended") is not True:
            yield artist


def _credited_artists(question: Question, recording: Json) -> Iterable[tuple[str, str]]:
    """Yield MBID and name of the credited artists with the wanted name, and of the first one if the page links it."""
    for place, credit in enumerate(recording.get("artist-credit") or ()):
        artist = credit.get("artist") or {}
        mbid = artist.get("id")
        if not mbid or mbid in SPECIAL_PURPOSE:
            continue
        names = names_of(artist) | {str(credit.get("name") or "")}
        if names_agree(question.name, names) or (place == 0 and mbid in question.targets):
            yield mbid, str(artist.get("name") or "")
