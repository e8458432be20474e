"""Decisions: two things must agree before an artist is accepted; what falls short is a review row or a miss."""

from __future__ import annotations

from datetime import datetime

import pytest

from extract_load.musicbrainz.matching_rules import (
    Decision,
    Question,
    Title,
    decide_by_aliases,
    decide_by_isrcs,
    decide_by_page,
    decide_by_titles,
)

A, B = "5b11f4ce-0000-4000-8000-000000000001", "9282c8b4-0000-4000-8000-000000000002"
VARIOUS = "89ad4ac3-39f7-470e-963a-56509c546377"
NIRVANA = Question("key", "Nirvana", "0" * 22)


def page(*links: dict[str, object]) -> dict[str, object]:
    return {"resource": "https://open.spotify.com/artist/x", "relations": list(links)}


def link(mbid: str, name: str = "Nirvana", **more: object) -> dict[str, object]:
    artist = {"id": mbid, "name": name, "sort-name": name, "country": "US"}
    return {"type": "free streaming", "ended": False, "artist": artist, **more}


def recording(mbid: str, title: str, *isrcs: str, name: str = "Nirvana", length: int | None = 200_000) -> dict:
    credit = {"name": name, "artist": {"id": mbid, "name": name, "sort-name": name}}
    return {"id": title + mbid, "title": title, "length": length, "isrcs": list(isrcs), "artist-credit": [credit]}


def test_one_living_link_to_the_name_is_accepted() -> None:
    """The page and the name agree; the country of the link is kept."""
    decision = decide_by_page(NIRVANA, page(link(A), link(B, ended=True)))
    assert (decision.status, decision.mbid, decision.question.country) == ("found", A, "US")


@pytest.mark.parametrize(
    ("links", "status"),
    [
        ([link(A), link(B)], "review"),
        ([link(A, "Somebody Else")], "review"),
        ([link(A, ended=True)], "not_found"),
        ([link(VARIOUS, "Nirvana")], "not_found"),
    ],
)
def test_anything_else_is_not(links, status) -> None:
    """Two artists on one page, another name, an ended link, a special purpose artist: nobody is accepted."""
    decision = decide_by_page(NIRVANA, page(*links))
    assert decision.status == status


def test_a_special_purpose_page_is_not_searched_further() -> None:
    """Recordings of Various Artists would only lead to more of the same."""
    assert {"isrc", "name"} <= set(decide_by_page(NIRVANA, page(link(VARIOUS))).question.tried)


def test_a_relation_of_any_type_counts() -> None:
    """`streaming music` was renamed `free streaming`; both are links."""
    assert decide_by_page(NIRVANA, page(link(A, type="streaming music"))).status == "found"


def test_an_alias_settles_a_link_to_another_name() -> None:
    """Spotify writes a name in Latin letters, MusicBrainz has that as an alias."""
    asked = Question("key", "Kino", targets={A: "Кино"})
    document = {"id": A, "name": "Кино", "sort-name": "Kino (Soviet band)", "aliases": [{"name": "Kino"}]}
    assert decide_by_aliases(asked, A, document).status == "found"
    assert decide_by_aliases(Question("key", "Akvarium"), A, document) is None


def test_isrcs_need_the_name_and_a_dominant_candidate() -> None:
    """Two ISRCs of that name are enough; a stray one of somebody else does not matter, one of a namesake does."""
    titles = {"ZZ1": "One", "ZZ2": "Two", "ZZ3": "Three"}
    ours = [recording(A, "One", "ZZ1"), recording(A, "Two", "ZZ2")]
    assert decide_by_isrcs(NIRVANA, titles, ours).mbid == A
    assert decide_by_isrcs(NIRVANA, titles, [*ours, recording(B, "One", "ZZ1", name="Other")]).mbid == A
    assert decide_by_isrcs(NIRVANA, titles, [*ours, recording(B, "Three", "ZZ3")]).mbid == A
    divided = decide_by_isrcs(NIRVANA, titles, [ours[0], recording(B, "Two", "ZZ2")])
    assert (divided.status, divided.mbid, set(divided.candidates)) == ("review", None, {A, B})


def test_a_single_isrc_needs_its_title() -> None:
    """An ISRC is sometimes filed with the wrong recording; the title tells."""
    assert decide_by_isrcs(NIRVANA, {"ZZ1": "One"}, [recording(A, "One (Remastered 2011)", "ZZ1")]).status == "found"
    assert decide_by_isrcs(NIRVANA, {"ZZ1": "One"}, [recording(A, "Other", "ZZ1")]).status == "review"


def test_recordings_may_choose_among_the_linked_but_not_against_them() -> None:
    """A shared page is settled by ISRCs; evidence for a third artist is a contradiction, so a review."""
    asked = Question("key", "Nirvana", targets={A: "Nirvana", B: "Nirvana"})
    ours = [recording(A, "One", "ZZ1"), recording(A, "Two", "ZZ2")]
    titles = {"ZZ1": "One", "ZZ2": "Two"}
    assert decide_by_isrcs(asked, titles, ours).mbid == A
    other = Question("key", "Nirvana", targets={B: "Nirvana"})
    assert decide_by_isrcs(other, titles, ours).status == "review"


def test_titles_need_no_rival_and_the_right_length() -> None:
    """A cover of the same title by a namesake has another length; a namesake with the same title stops everything."""
    titles = [Title("Rainbow Chaser", 200_000), Title("Tiny Goddess", 180_000)]
    both = [recording(A, "Rainbow Chaser"), recording(A, "Tiny Goddess", length=181_000)]
    assert decide_by_titles(NIRVANA, titles, both).mbid == A
    assert decide_by_titles(NIRVANA, titles, [recording(A, "Rainbow Chaser", length=260_000)]).status == "not_found"
    assert decide_by_titles(NIRVANA, titles, [*both, recording(B, "Tiny Goddess", length=None)]).status == "review"


def test_one_title_must_be_telling_and_of_known_length() -> None:
    """Anybody has a song called "Home"."""
    assert decide_by_titles(NIRVANA, [Title("Home", 200_000)], [recording(A, "Home")]).status == "review"
    assert decide_by_titles(NIRVANA, [Title("Rainbow Chaser")], [recording(A, "Rainbow Chaser")]).status == "review"
    one = decide_by_titles(NIRVANA, [Title("Rainbow Chaser", 200_000)], [recording(A, "Rainbow Chaser")])
    assert (one.status, one.score) == ("found", 0.75)
    asked = [Title("Rainbow Chaser", 200_000), Title("Tiny Goddess"), Title("Another Song")]
    assert decide_by_titles(NIRVANA, asked, [recording(A, "Rainbow Chaser")]).status == "review"


def test_a_miss_is_asked_again_after_weeks_each_time_later() -> None:
    """28 days, then twice as long, at most about a year; a match is not asked again."""
    at = datetime(2026, 1, 1)

    def days(attempts: int) -> int:
        asked = Question("key", "X", attempts=attempts)
        payload = Decision(asked, "not_found", "url").envelope("r", at).payload
        return (datetime.fromisoformat(payload["next_attempt_at"]) - at).days

    assert [days(attempts) for attempts in range(6)] == [28, 56, 112, 224, 364, 364]
    assert Decision(NIRVANA, "found", "url", A).envelope("r", at).payload["next_attempt_at"] is None
