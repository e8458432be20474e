"""Rules that stand twice, in Python and as macros: both give the same answer, for the listed inputs and for others."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract_load.core.content import content_kind_of_file_sql, polled_content_kind_sql
from extract_load.core.instants import parse_instant
from extract_load.core.keys import key_of_text
from extract_load.core.local_uris import LocalNames, read_local_uri
from tests.dbt.macros import render
from tests.extract_load.core.test_content import POLLED

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
TRACK = """{
    "id": "VARCHAR", "uri": "VARCHAR", "type": "VARCHAR", "episode": "BOOLEAN", "name": "VARCHAR",
    "album": {"type": "VARCHAR", "uri": "VARCHAR"}
}"""
INSTANTS = [
    "2024-05-01T10:00:00Z", "2024-05-01 10:00", "2024-05-01T10:00Z", "2024-05-01T24:00:00Z", "2024-02-30 10:00:00",
    "2023-01-01T12:00:00+02:00", "2023-01-01 12:00:00.123-0530", "20240501T100000Z", "2024-05-01", "1672567200",
    "1672567200000", "1.6725672e12", "2024", "yesterday", "", " 2024-05-01T10:00:00Z ", "9999-12-31T23:59:59-01:00",
]  # fmt: skip


def ask(sql: str, values: Iterable[Any]) -> list[Any]:
    """Return what an expression over the column `value` gives for each of the texts."""
    asked = f"select {sql} from (select unnest(cast($values as varchar[])) as value)"
    return [answer for (answer,) in duckdb.execute(asked, {"values": list(values)}).fetchall()]


PARSED = render("parse_instant", "value")
LOCAL = "struct_pack(artist := {}, album := {}, title := {})".format(
    *(render(f"local_uri_{part}", "value") for part in ("artist", "album", "title"))
)
POLLED_KIND = render("polled_content_kind", f"(from_json(cast(value as json), '{TRACK}'))")


def test_the_listed_instants_are_the_same() -> None:
    """Spotify's two forms, those of other tools, and what is no instant."""
    assert ask(PARSED, INSTANTS) == [parse_instant(text) for text in INSTANTS]
    assert ask(PARSED, [None]) == [None]
    assert parse_instant("2023-01-01T12:00:00+02:00") == parse_instant("2023-01-01T10:00:00Z")


@QUICK
@given(
    texts=st.lists(
        st.tuples(st.sampled_from(INSTANTS), st.integers(0, 30), st.sampled_from("0123456789TZtz:+-. /")),
        min_size=40,
        max_size=40,
    )
)
def test_other_instants_are_the_same(texts: list[tuple[str, int, str]]) -> None:
    """A sign of the text is replaced by another."""
    changed = [text[:place] + sign + text[place + 1 :] for text, place, sign in texts]
    assert ask(PARSED, changed) == [parse_instant(text) for text in changed]


@QUICK
@given(parts=st.lists(st.text(st.sampled_from("aé:+% 1\n%C3%A9%00%FF"), max_size=24), min_size=20, max_size=20))
def test_names_in_local_uris_are_the_same(parts: list[str]) -> None:
    """Any text behind the prefix, and in front of it."""
    uris = [f"spotify:local:{part}" for part in parts] + parts
    assert [LocalNames(**names) for names in ask(LOCAL, uris)] == [read_local_uri(uri) for uri in uris]


def test_the_kinds_of_the_listed_items_are_the_same() -> None:
    """The macro reads the same signs as landing and the catalogue do."""
    texts = [json.dumps(track) for track, _ in POLLED]
    assert ask(POLLED_KIND, texts) == [kind for _, kind in POLLED]


@QUICK
@given(
    tracks=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "id": st.sampled_from(["T1", "", None]),
                "uri": st.sampled_from(
                    ["spotify:track:T1", "spotify:episode:E", "spotify:local:::x:1", "spotify:local::::1", "x", None]
                ),
                "type": st.sampled_from(["track", "Episode", "chapter", "video", None, 1]),
                "name": st.sampled_from(["Song", " ", None]),
                "episode": st.sampled_from([True, False, None, "yes", 1]),
                "album": st.sampled_from([{"type": "show"}, {"uri": "spotify:show:S"}, {"type": "album"}, None, "x"]),
            },
        ),
        min_size=30,
        max_size=30,
    )
)
def test_the_kinds_of_other_items_are_the_same(tracks: list[dict[str, Any]]) -> None:
    """Any mixture of signs, of values that are due and values that are not."""
    texts = [json.dumps(track) for track in tracks]
    assert ask(POLLED_KIND, texts) == ask(polled_content_kind_sql("cast(value as json)"), texts)


@pytest.mark.parametrize("folder", ["", "video/", "my podcasts\\"])
def test_the_kinds_of_files_are_the_same(folder: str) -> None:
    """By the base name."""
    names = [
        f"{folder}{name}_0.json"
        for name in (
            "StreamingHistory_podcast",
            "Streaming_History_Video_2024",
            "endsong",
            "StreamingHistory_audiobook",
        )
    ]
    kinds = ask(render("content_kind_of_file", "value"), names)
    assert kinds == ["podcast", "video", "", "audiobook"]
    assert kinds == ask(content_kind_of_file_sql("value"), names)


@pytest.mark.parametrize(
    ("context_type", "uri", "kind", "canonical"),
    [
        ("playlist", "spotify:playlist:p", "playlist", "spotify:playlist:p"),
        ("playlist_v2", "spotify:playlist:p", "playlist", "spotify:playlist:p"),
        ("playlist_v2", "spotify:playlist_v2:p", "playlist", "spotify:playlist:p"),
        ("Playlist_V3", None, "playlist", None),
        ("playlist", "spotify:user:-:playlist:p", "playlist", "spotify:playlist:p"),
        (None, "spotify:user:a.b:playlist:p", "playlist", "spotify:playlist:p"),
        ("collection", "spotify:user:-:collection", "collection", "spotify:user:-:collection"),
        ("album", "spotify:album:a", "album", "spotify:album:a"),
        (None, "spotify:artist:a", "artist", "spotify:artist:a"),
        ("", " ", None, None),
        (None, None, None, None),
    ],
)
def test_a_context_has_one_kind_and_one_uri(
    context_type: str | None, uri: str | None, kind: str | None, canonical: str | None
) -> None:
    """All forms of a playlist are one."""
    values = "(values (cast($context_type as varchar), cast($uri as varchar))) as t (context_type, uri)"
    sql = f"select {render('canonical_context_type', 'context_type', 'uri')}, {render('canonical_context_uri', 'uri')}"
    asked = duckdb.execute(f"{sql} from {values}", {"context_type": context_type, "uri": uri})
    assert asked.fetchall() == [(kind, canonical)]


@QUICK
@given(st.lists(st.text("0123456789abcdef -.eU", max_size=34)))
def test_keys_are_read_alike(texts: list[str]) -> None:
    """A number, the md5 that was the key before, or no key: in `forget` and pages as in the seeds."""
    texts = [*texts, "0", "unknown", "1" * 19, "9" * 19, "0" * 32, "abc" * 10 + "de", "12" * 16]
    assert ask(render("key_of_text", "value"), texts) == [key_of_text(text) for text in texts]
