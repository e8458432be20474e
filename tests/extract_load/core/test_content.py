"""What an item of a poll is, before its ids are used."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest

from extract_load.core.content import content_kind_of_file_sql, polled_content_kind_sql

TRACK = {"id": "T1", "uri": "spotify:track:T1", "type": "track", "name": "Song", "album": {"uri": "spotify:album:A1"}}
SHOW = {"id": "SH", "uri": "spotify:show:SH", "type": "show", "name": "A Show"}

POLLED: list[tuple[Any, str]] = [
    (TRACK, "music"),
    ({"id": "T1"}, "music"),
    ({"uri": "spotify:track:T1"}, "music"),
    ({"name": "Song"}, "music"),
    ({"uri": "spotify:local:Band::Song:200"}, "music"),
    (TRACK | {"type": None, "album": None}, "music"),
    (TRACK | {"album": {"type": "album"}, "episode": False, "track": True}, "music"),
    ({"id": "E1", "uri": "spotify:episode:E1", "type": "episode", "name": "A talk", "album": SHOW}, "podcast"),
    ({"id": "E1", "uri": "spotify:episode:E1", "name": "A talk"}, "podcast"),
    ({"id": "E1", "type": "Episode", "name": "A talk"}, "podcast"),
    ({"id": "E1", "name": "A talk", "episode": True, "track": False}, "podcast"),
    ({"id": "E1", "name": "A talk", "album": {"type": "show"}}, "podcast"),
    ({"id": "E1", "name": "A talk", "album": {"uri": "spotify:show:SH"}}, "podcast"),
    ({"id": "C1", "uri": "spotify:chapter:C1", "name": "Chapter 1"}, "audiobook"),
    ({"id": "C1", "type": "chapter", "name": "Chapter 1"}, "audiobook"),
    ({"id": "C1", "uri": "spotify:episode:C1", "album": {"type": "audiobook"}}, "audiobook"),
    ({"id": "V1", "type": "video", "name": "Clip"}, "video"),
    (None, "unidentified"),
    ({}, "unidentified"),
    ([], "unidentified"),
    ("a text", "unidentified"),
    ({"id": "", "uri": "", "name": " "}, "unidentified"),
    ({"id": None, "uri": "spotify:local::::4", "name": ""}, "unidentified"),
]


@pytest.mark.parametrize(("track", "kind"), POLLED, ids=[f"{kind} {n}" for n, (_, kind) in enumerate(POLLED)])
def test_an_item_is_classified(track: Any, kind: str) -> None:
    """Any sign of an episode or a chapter is stronger than a name or an id."""
    sql = f"select {polled_content_kind_sql('cast($track as json)')}"
    assert duckdb.execute(sql, {"track": json.dumps(track)}).fetchall() == [(kind,)]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("StreamingHistory_podcast_0.json", "podcast"),
        ("StreamingHistory_audiobook_0.json", "audiobook"),
        ("StreamingHistory_video_12.json", "video"),
        ("Streaming_History_Video_2018-2024.json", "video"),
        ("My Data/Streaming_History_Video_2018-2024 (1).json", "video"),
        ("Streaming_History_Audio_2018-2021_0.json", ""),
        ("StreamingHistory_music_0.json", ""),
        ("StreamingHistory0.json", ""),
        ("endsong_3.json", ""),
        ("videos and podcasts/Streaming_History_Audio_2018_0.json", ""),
    ],
)
def test_a_file_says_what_its_rows_are(name: str, kind: str) -> None:
    """By its base name; the folder says nothing."""
    assert duckdb.execute(f"select {content_kind_of_file_sql('$name')}", {"name": name}).fetchall() == [(kind,)]
