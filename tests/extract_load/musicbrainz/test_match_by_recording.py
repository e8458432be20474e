"""Matching by recording: queries that Lucene reads as meant, and bisection where an answer leaves doubt."""

from __future__ import annotations

from extract_load.musicbrainz.match_by_recording import (
    ArtistWithTitles,
    _is_beyond_doubt,
    _lucene_clause,
    _question_of,
    _split_in_halves,
    _without_releases,
)
from extract_load.musicbrainz.matching_rules import Decision, Question, Title


def test_a_clause_asks_for_the_name_and_any_of_the_titles() -> None:
    item = ArtistWithTitles(Question("key", 'The "X"'), (Title("One"), Title("A\\B")))
    assert _lucene_clause(item) == '(artist:"The \\"X\\"" AND recording:("One" OR "A\\\\B"))'


def test_a_question_goes_on_with_the_methods_and_targets_so_far() -> None:
    question = _question_of("key", "X", "id", 2, '{"tried": ["url"], "targets": {"m": "X"}, "country": "DE"}')
    assert (question.attempts, question.tried, question.targets, question.country) == (2, ("url",), {"m": "X"}, "DE")
    assert _question_of("key", "X", None, 0, None).tried == ()


def test_only_one_candidate_with_two_titles_is_beyond_doubt() -> None:
    asked = Question("key", "X")
    assert _is_beyond_doubt(Decision(asked, "found", "name", "m", support={"m": 2}))
    assert not _is_beyond_doubt(Decision(asked, "found", "name", "m", support={"m": 1}))
    assert not _is_beyond_doubt(Decision(asked, "found", "name", "m", support={"m": 2, "n": 1}))
    assert not _is_beyond_doubt(Decision(asked, "review", "name", support={"m": 2}))


def test_halves_hold_everything_and_none_is_empty() -> None:
    items = [ArtistWithTitles(Question(str(number), "X"), ()) for number in range(3)]
    assert _split_in_halves(items) == [items[:2], items[2:]]
    assert _split_in_halves(items[:1]) == [items[:1]]
    assert _split_in_halves([]) == []


def test_a_recording_is_cached_without_its_long_lists() -> None:
    assert _without_releases({"id": "r", "title": "One", "releases": [1], "tags": [], "score": 9}) == {
        "id": "r",
        "title": "One",
    }


def test_artists_without_a_link_are_matched_by_isrc_and_by_name(make_home) -> None:
    home = make_home(artists=20, unlinked=1.0)
    home.listen(range(10))
    home.import_plays(range(10, 20))
    home.enrich(musicbrainz_hierarchy_limit=0)
    methods = {
        method for (method,) in home.rows("select method from lookup.musicbrainz_matches where status = 'found'")
    }
    assert {"isrc", "name"} <= methods
    assert home.wrong() == {}
