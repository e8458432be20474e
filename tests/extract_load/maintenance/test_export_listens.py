"""Listens for other programs: no placeholder goes out, nothing that they refuse, and the same bytes each time."""

from __future__ import annotations

import json
import re
import zipfile
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from extract_load.core.settings import Settings
from extract_load.maintenance.export import Exported, Format, export
from tests.support.data_directories import settings_in
from tests.support.published_plays import Play, publish_by_hand

pytestmark = pytest.mark.fast

GOOD = Play("Song", "Singer")
MBID = "00000000-0000-4000-8000-00000000d0a1"


def exported(settings: Settings, plays: list[Play], form: Format = "listenbrainz", **more: Any) -> list[Exported]:
    publish_by_hand(settings, plays)
    return export(settings, settings.data_dir / "out", [form], **more)


def listens_of(settings: Settings) -> list[dict[str, Any]]:
    lines = (settings.data_dir / "out" / "listens.jsonl").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    "play",
    [
        Play(None, None),
        Play(None, None, status="gone"),
        Play(None, "Singer", status="gone"),
        Play("Song", None),
        Play("Song", ""),
        Play("", "Singer"),
        Play(" \t", "Singer"),
        Play("\u3000\u200b", "Singer"),
        Play("\x00", "Singer"),
        Play("Song", "\x00 "),
        Play("Song", "unknown", is_on_spotify=False),
    ],
)
def test_a_placeholder_is_left_out_and_counted(settings: Settings, play: Play) -> None:
    lines, archive = exported(settings, [play, GOOD])
    assert (lines.rows, archive.rows) == (1, 1)
    assert lines.notes == ("1 plays are left out: their track or artist is unknown (removed, or never named).",)
    assert archive.notes == ()
    assert [listen["track_metadata"]["track_name"] for listen in listens_of(settings)] == ["Song"]


@pytest.mark.parametrize(
    "play",
    [
        Play("unknown", "Singer"),
        Play("Unknown", "Singer", status="pending"),
        Play("UNKNOWN", "Unknown", status="gone", is_on_spotify=False),
        Play("Song", "unknown", mbid=MBID, is_on_spotify=False),
        Play("Song", "unknown"),
    ],
)
def test_a_real_name_that_reads_unknown_is_kept(settings: Settings, play: Play) -> None:
    assert [(one.rows, one.notes) for one in exported(settings, [play])] == [(1, ()), (1, ())]


def test_a_listen_holds_what_is_known(settings: Settings) -> None:
    """What is unknown is no key; U+0000 and outer blanks are gone; whole seconds; nothing that is refused."""
    known = Play(" So\x00ng\n", "Sin\x00ger", "Al\x00bum", "2024-05-01 12:00:00.900", mbid=MBID)
    bare = Play("Song", "Singer", None, "2024-05-02 00:00:00", is_assumed=True, duration_ms=0)
    exported(settings, [bare, known])
    first, second = listens_of(settings)
    info = first["track_metadata"].pop("additional_info")
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", info.pop("submission_client_version"))
    assert first == {
        "listened_at": 1714564800,
        "track_metadata": {"artist_name": "Singer", "track_name": "Song", "release_name": "Album"},
    }
    assert info == {
        "submission_client": "music-tracker",
        "music_service": "spotify.com",
        "origin_url": "https://open.spotify.com/track/id1",
        "spotify_id": "https://open.spotify.com/track/id1",
        "isrc": "QMAAA2400001",
        "artist_mbids": [MBID],
        "duration_ms": 183000,
        "duration_played": 61,
        "play_key": "1",
    }
    assert "release_name" not in second["track_metadata"]
    assert not {"duration_ms", "duration_played", "artist_mbids"} & second["track_metadata"]["additional_info"].keys()


def test_plays_before_the_first_day_of_listenbrainz_are_counted(settings: Settings) -> None:
    lines, _ = exported(settings, [Play("Song", "Singer", at="1970-01-01 00:00:07"), GOOD])
    assert lines.rows == 1
    assert lines.notes == ("1 plays are left out: they are older than 2002-10-01, which ListenBrainz refuses.",)


def test_the_archive_is_that_of_listenbrainz(settings: Settings) -> None:
    """`listens/YYYY/M.jsonl` by UTC month, in order, and the name that Koito looks for."""
    at = ["2024-12-31 23:59:59", "2023-02-01 00:00:00", "2025-01-01 00:00:00", "2024-12-01 00:00:00"]
    _, written = exported(settings, [Play("Song", "Singer", at=one) for one in at])
    assert "listenbrainz" in written.path.name
    with zipfile.ZipFile(written.path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "user.json",
            "listens/2023/2.jsonl",
            "listens/2024/12.jsonl",
            "listens/2025/1.jsonl",
        ]
        assert json.loads(archive.read("user.json")) == {"username": "me"}
        lines = [line for name in archive.namelist()[1:] for line in archive.read(name).decode().splitlines()]
    assert [json.loads(line) for line in lines] == listens_of(settings)
    assert [json.loads(line)["listened_at"] for line in lines] == sorted(
        json.loads(line)["listened_at"] for line in lines
    )


def test_the_same_plays_give_the_same_bytes(settings: Settings) -> None:
    publish_by_hand(settings, [GOOD, Play("Other", "Singer")])
    folders = [settings.data_dir / name for name in ("one", "two")]
    files = [[one.path for one in export(settings, folder, ["listenbrainz", "maloja"])] for folder in folders]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]


def test_maloja_reads_it_as_its_own_export(settings: Settings) -> None:
    """The file name and the keys that its importer takes, and Koito's and ListenBrainz', too; null for the unknown."""
    bare = Play("Bare", "Singer", None, is_assumed=True, duration_ms=None)
    plays = [Play("Song", "Singer"), bare, Play(None, None)]
    (written,) = exported(settings, plays, "maloja")
    assert re.fullmatch(r"maloja_export[_0-9]*\.json", written.path.name)
    assert (written.rows, len(written.notes)) == (2, 1)
    document = json.loads(written.path.read_text(encoding="utf-8"))
    assert isinstance(document["maloja"]["export_time"], int)
    song, plain = document["scrobbles"]
    assert song == {
        "time": 1714564800,
        "track": {
            "artists": ["Singer"],
            "title": "Song",
            "album": {"artists": ["Singer"], "albumtitle": "Album"},
            "length": 183,
        },
        "duration": 61,
        "origin": "music-tracker",
    }
    assert (plain["track"]["album"], plain["track"]["length"], plain["duration"]) == (None, None, None)


def test_private_sessions_are_named_and_left_out_on_demand(settings: Settings) -> None:
    plays = [Play("Secret", "Singer", is_incognito=True), Play("Open", "Singer", is_incognito=False), GOOD]
    lines, _ = exported(settings, plays)
    assert lines.rows == 3
    assert lines.notes == ("1 plays of private sessions are among them; --no-private leaves them out.",)
    without, _ = export(settings, settings.data_dir / "out", ["listenbrainz"], with_private=False)
    assert (without.rows, without.notes) == (2, ())
    assert "Secret" not in (settings.data_dir / "out" / "listens.jsonl").read_text(encoding="utf-8")


def test_nothing_to_write_is_an_empty_file(settings: Settings) -> None:
    assert [one.rows for one in exported(settings, [Play(None, None)])] == [0, 0]
    assert listens_of(settings) == []
    (maloja,) = export(settings, settings.data_dir / "out", ["maloja"])
    assert json.loads(maloja.path.read_text(encoding="utf-8"))["scrobbles"] == []


@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.text(max_size=30), min_size=3, max_size=3))
def test_any_text_comes_out_as_it_is(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    """Without U+0000 and outer blanks; a name that is nothing else is no name."""
    settings = settings_in(tmp_path_factory.mktemp("home"))
    names = [name.encode("utf-8", "replace").decode() for name in names]
    exported(settings, [Play(names[0], names[1], names[2])])
    track, artist, _ = (name.replace("\x00", "") for name in names)
    found = [listen["track_metadata"] for listen in listens_of(settings)]
    assert len(found) <= 1
    for listen in found:
        assert listen["track_name"] and listen["track_name"] in track
        assert listen["artist_name"] and listen["artist_name"] in artist
        assert listen["track_name"] == listen["track_name"].strip(" \t\n\r")
    if any(sign.isalnum() for sign in track) and any(sign.isalnum() for sign in artist):
        assert len(found) == 1
