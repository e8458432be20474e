"""What a line of a spool file is about, in its three forms, and the tombstone that takes its place."""

from __future__ import annotations

from datetime import datetime

import orjson
import pytest

from extract_load.erasure.line_subjects import (
    EXPORTS,
    POLLS,
    LineSubjects,
    parse_utc,
    read_line_subjects,
    tombstone,
    tombstone_of,
    written_names,
)

TRACK = {
    "uri": "spotify:track:1",
    "name": "Ágætis Byrjun",
    "artists": [{"id": "a1", "name": "Sigur Rós"}, {"id": "a2", "name": "Guest"}],
    "album": {"artists": [{"id": "a3", "name": "Various"}]},
}


def line(**parts: object) -> bytes:
    return orjson.dumps(parts) + b"\n"


def read(entity: str, *lines: bytes) -> dict[int, LineSubjects]:
    return dict(read_line_subjects(lines, entity))


def test_a_poll_item_names_its_track_and_every_artist() -> None:
    """By id, by name to the letter, and by the folded form of version 1; those of the album as well."""
    found = read(POLLS, line(listener_id="me", payload={"played_at": "2026-11-23T13:00:00+01:00", "track": TRACK}))
    assert (found[1].at, found[1].listener_id) == (datetime(2026, 11, 23, 12), "me")
    assert found[1].subjects == {
        *("track:spotify:track:1", "titled:sigur rós / ágætis byrjun", "names:sigur ros / agætis byrjun"),
        *("artist:a1", "artist-named:sigur rós", "artist-name:sigur ros"),
        *("artist:a2", "artist-named:guest", "artist-name:guest"),
        *("artist:a3", "artist-named:various", "artist-name:various"),
    }


def test_rows_of_an_export_belong_to_the_listener_of_the_first_line() -> None:
    """In both formats, and as far as a rejected row still says what it was."""
    extended = {
        "ts": "2024-03-01T12:00:00Z",
        "spotify_track_uri": "spotify:track:1",
        "master_metadata_track_name": "Song",
        "master_metadata_album_artist_name": "Band",
    }
    account = {"endTime": "2024-03-01 12:00", "trackName": "Song", "artistName": "Band"}
    rejected = {"_": "rejected", "reason": "x", "payload": orjson.dumps(account).decode()}
    found = read(EXPORTS, line(listener_id="me"), line(**extended), line(**account), line(**rejected), b"no json\n")
    assert sorted(found) == [2, 3, 4]
    assert {one.listener_id for one in found.values()} == {"me"}
    assert {one.at for one in found.values()} == {datetime(2024, 3, 1, 12)}
    named = {"artist-named:band", "titled:band / song", "artist-name:band", "names:band / song"}
    assert found[2].subjects == {"track:spotify:track:1", *named}
    assert found[3].subjects == found[4].subjects == named


@pytest.mark.parametrize("listener_id", [{"a": {}}, ["me"], 7, True])
def test_a_listener_that_is_no_text_is_nobody(listener_id: object) -> None:
    """A damaged line is compared with rules like any other; landing names its file."""
    assert read(POLLS, line(listener_id=listener_id, payload={"track": TRACK}))[1].listener_id is None
    assert read(EXPORTS, line(listener_id=listener_id), line(ts="2024-03-01T12:00:00Z"))[2].listener_id is None


def test_an_answer_names_the_artists_it_is_about_or_credits() -> None:
    """At any depth, and by every id of a decision; names alone do not make it theirs."""
    payload = {
        "artist_key": "k1",
        "mbid": "m1",
        "tracks": {"items": [{"artists": [{"id": "a1", "name": "Band"}]}]},
        "artist-credit": [{"artist": {"id": "m2", "name": "Other"}}],
    }
    found = read("artist", line(fetched_at="2026-11-23T12:00:00.000", request={"id": "q"}, payload=payload))
    assert found[1].at == datetime(2026, 11, 23, 12)
    assert found[1].listener_id is None
    assert found[1].subjects == {"artist:q", "artist:k1", "artist:m1", "artist:a1", "artist:m2"}


def test_lines_that_name_nothing_are_passed_over() -> None:
    """They keep their numbers."""
    lines = [b"\xff\n", b"[]\n", line(payload=None), line(payload={"played_at": "x", "track": None})]
    found = read(POLLS, *lines)
    assert sorted(found) == [4]
    assert found[4].at is None


@pytest.mark.parametrize("entity", [POLLS, "artist"])
def test_a_tombstone_keeps_the_envelope_and_nothing_of_the_content(entity: str) -> None:
    """It names the request that erased the line."""
    before = line(source="spotify", listener_id="me", request={"id": "secret"}, payload={"track": "secret"})
    after = tombstone(before, entity, "f1")
    assert orjson.loads(after) == {
        **{"source": "spotify", "listener_id": "me"},
        **{"request": {"forgotten": "f1"}, "payload": None},
    }
    assert after.endswith(b"\n")
    assert tombstone_of(after) == "f1"


def test_a_tombstone_of_an_export_is_a_rejected_row() -> None:
    """As landing takes it; it names nothing that a rule could match."""
    after = tombstone(line(ts="2024-03-01T12:00:00Z"), EXPORTS, "f1")
    assert orjson.loads(after) == {"_": "rejected", "reason": "forgotten", "detail": "f1", "payload": None}
    assert tombstone_of(after) == "f1"
    assert read(EXPORTS, line(listener_id="me"), after)[2].subjects == frozenset()


@pytest.mark.parametrize(
    "other",
    [
        b'{"payload": {"name": "forgotten"}, "request": {"forgotten": "f1"}}',
        b'{"payload": null, "request": ["forgotten"]}',
        b'{"_": "rejected", "reason": "other", "detail": "forgotten", "payload": null}',
        b'"forgotten"',
        b"no json",
    ],
)
def test_other_lines_are_no_tombstones(other: bytes) -> None:
    """A song may be called so."""
    assert tombstone_of(other) is None


@pytest.mark.parametrize("text", [None, 7, "", "yesterday", "2026-13-01T00:00:00"])
def test_what_is_no_time_is_none(text: object) -> None:
    """Landing rejects it with a reason."""
    assert parse_utc(text) is None


@pytest.mark.parametrize(
    ("entity", "payload"),
    [
        (EXPORTS, {"ts": "2024-05-01T12:00:00+02:00", "spotify_track_uri": "spotify:local:Bj%C3%B6rk::J%C3%B3ga:305"}),
        (
            POLLS,
            {
                "played_at": "2024-05-01T12:00:00+02:00",
                "track": {"uri": "spotify:local:Bj%C3%B6rk::J%C3%B3ga:305", "name": "", "artists": [{"name": ""}]},
            },
        ),
    ],
)
def test_a_local_file_is_about_the_names_in_its_uri(entity: str, payload: dict[str, object]) -> None:
    """An erasure request reaches a file of one's own, also where only the uri names its artist."""
    head = line(listener_id="me", request={})
    lines = [head, line(**payload)] if entity == EXPORTS else [line(listener_id="me", payload=payload)]
    (found,) = read(entity, *lines).values()
    assert (found.at, found.listener_id) == (datetime(2024, 5, 1, 10), "me")
    assert found.subjects == {
        "track:spotify:local:Bj%C3%B6rk::J%C3%B3ga:305",
        "artist-name:bjork",
        "artist-named:björk",
        "names:bjork / joga",
        "titled:björk / jóga",
    }


def test_names_are_listed_as_they_are_written() -> None:
    """Of a poll item, of both forms of an export's row, and of nothing else."""
    account = line(endTime="2024-03-01 12:00", trackName="Song", artistName="BAND")
    assert written_names(line(payload={"track": TRACK}), POLLS) == ("Sigur Rós", "Ágætis Byrjun")
    assert written_names(account, EXPORTS) == ("BAND", "Song")
    assert written_names(line(ts="2024-03-01T12:00:00Z"), EXPORTS) == ("unknown artist", "unknown title")
    assert written_names(line(payload=None), POLLS) is None
