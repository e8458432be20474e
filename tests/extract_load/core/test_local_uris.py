"""Names in the uris of local files, in Python and in SQL."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract_load.core.local_uris import LocalNames, local_artist_sql, local_title_sql, read_local_uri

READ = f"select {local_artist_sql('$uri')}, {local_title_sql('$uri')}"


@pytest.mark.parametrize(
    ("uri", "artist", "album", "title"),
    [
        ("spotify:local:Garage+Band:Demo+Tape:Basement+Song:213", "Garage Band", "Demo Tape", "Basement Song"),
        ("spotify:local:::SampleAudio_0.7mb:45", None, None, "SampleAudio_0.7mb"),
        ("spotify:local::::4", None, None, None),
        ("spotify:local:Bj%C3%B6rk::J%C3%B3ga%3A+live:305", "Björk", None, "Jóga: live"),
        ("spotify:local:%E3%83%90%E3%82%B9:100%25:AC%2FDC:1", "バス", "100%", "AC/DC"),
        ("spotify:local:A:B:1+2%2B3:12", "A", "B", "1 2+3"),
        ("spotify:local:A:B:Part 2: The End:60", "A", "B", "Part 2: The End"),
        ("spotify:local:A:B:1999:60", "A", "B", "1999"),
        ("spotify:local:A:B:Title", "A", "B", "Title"),
        ("spotify:local:A:B:Title:", "A", "B", "Title"),
        ("spotify:local:+:%20:Title:9", None, None, "Title"),
        ("spotify:local:%FFx:B:caf%E9+noir:9", "%FFx", "B", "caf%E9 noir"),
        ("spotify:local:A", "A", None, None),
        ("spotify:local:", None, None, None),
        ("spotify:track:0000000000000000000001", None, None, None),
        ("spotify:localhost:A:B:C:1", None, None, None),
        ("", None, None, None),
    ],
)
def test_names_are_read(uri: str, artist: str | None, album: str | None, title: str | None) -> None:
    """Parts may be empty, plus is a space, colons and bytes that are no UTF-8 are kept."""
    assert read_local_uri(uri) == LocalNames(artist, album, title)
    assert duckdb.execute(READ, {"uri": uri}).fetchall() == [(artist, title)]


def test_what_is_no_text_has_no_names() -> None:
    """A poll may say null where a uri is due."""
    assert read_local_uri(None) == read_local_uri(12) == LocalNames()


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("aé:+% 1\n%C3%A9%00%FF"), max_size=24))
def test_python_and_sql_read_the_same(parts: str) -> None:
    """Any text behind the prefix."""
    uri = f"spotify:local:{parts}"
    names = read_local_uri(uri)
    assert duckdb.execute(READ, {"uri": uri}).fetchall() == [(names.artist, names.title)]
