"""An export finds its owner among several listeners, or a person has to say whose it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from extract_load.context import Context
from extract_load.core.errors import ConfigurationError
from extract_load.core.listener_registry import Listener, Registry, write_registry
from extract_load.core.listeners import find_listener
from extract_load.core.settings import Settings
from extract_load.spotify.history_import.importer import ImportResult
from extract_load.spotify.history_import.inbox import import_inbox
from extract_load.spotify.history_import.owner_search import Owners
from extract_load.spotify.poll_listeners import context_for
from tests.extract_load.spotify.history_import.test_ownership import polled
from tests.support.exports import old_row, row, write_file, write_zip

Importer = Callable[..., ImportResult]
Query = Callable[..., list[tuple[Any, ...]]]
ROWS = "select listener_id, count(*) from raw.spotify_streaming_history group by all order by all"


@pytest.fixture(autouse=True)
def household(settings: Settings) -> None:
    """Register a second listener."""
    both = Registry((Listener("me"), Listener("anna", "Anna")), "me")
    write_registry(settings.listeners_path, both)


def test_known_plays_show_whose_it_is(tmp_path: Path, bring_in: Importer, context: Context, query: Query) -> None:
    """His polls are in the one, hers in the other; each lands as its owner's, in one import of both."""
    anna = context_for(context, find_listener(context.settings, "anna"))
    polled(context, context.settings, range(0, 40))
    polled(anna, anna.settings, range(500, 540))
    his = write_zip(tmp_path / "his.zip", {"Streaming_History_Audio_2024_0.json": [row(n) for n in range(60)]})
    hers = write_zip(tmp_path / "hers.zip", {"Streaming_History_Audio_2024_0.json": [row(n) for n in range(495, 545)]})
    assert bring_in(his, hers).exit_code == 0
    assert query(ROWS) == [("anna", 50), ("me", 60)]
    again = bring_in(his, hers)
    assert (again.total("landed"), again.total("known")) == (0, 110)


def test_a_user_name_shows_whose_it_is(tmp_path: Path, bring_in: Importer, query: Query) -> None:
    """The name that was imported for her is hers from then on, and his can't take it."""
    bring_in(write_file(tmp_path, "endsong_0.json", [old_row(1, "anna.k")]), listener="anna")
    bring_in(write_file(tmp_path, "endsong_1.json", [old_row(2, "anna.k")]))
    assert query(ROWS) == [("anna", 2)]
    wrong = bring_in(write_file(tmp_path, "endsong_2.json", [old_row(3, "anna.k")]), listener="me")
    assert "another user name" in wrong.refused[0].reason
    assert query(ROWS) == [("anna", 2)]


def test_nobody_is_believed_for_lack_of_evidence(
    tmp_path: Path, bring_in: Importer, settings: Settings, query: Query
) -> None:
    """With one listener such an export is theirs; with two a person says whose, and nothing is kept before."""
    export = write_file(tmp_path, "endsong_0.json", [old_row(1, "a.stranger")])
    before = sorted(settings.spool_dir.rglob("*"))
    refused = bring_in(export)
    assert (refused.exit_code, refused.refused[0].needs_confirmation) == (1, True)
    assert "--listener and one of me, anna" in refused.refused[0].reason
    assert [path for path in sorted(settings.spool_dir.rglob("*")) if path.is_file()] == [
        path for path in before if path.is_file()
    ]
    assert bring_in(export, listener="anna").total("landed") == 1
    with pytest.raises(ConfigurationError, match="no listener 'ben'"):
        bring_in(export, listener="ben")


def test_plays_of_neither_are_refused(tmp_path: Path, bring_in: Importer, context: Context) -> None:
    """Both have plays from that time, and none of them is in it."""
    polled(context, context.settings, range(0, 40))
    stranger = [row(n, spotify_track_uri=f"spotify:track:{n:021d}x") for n in range(60)]
    refused = bring_in(write_zip(tmp_path / "s.zip", {"Streaming_History_Audio_2024_0.json": stranger}))
    assert refused.total("rows") == 0
    assert "nothing in it shows" in refused.refused[0].reason


def test_the_inbox_asks_whose_it_is(settings: Settings, context: Context) -> None:
    """The entry waits, and the note has the command that says whose it is."""
    inbox = settings.inbox_path
    inbox.mkdir(parents=True)
    write_zip(inbox / "data.zip", {"Streaming_History_Audio_2024_0.json": [row(1)]})
    import_inbox(context)
    assert import_inbox(context).waiting == ["data.zip"]
    (note,) = [path for path in inbox.iterdir() if path.suffix == ".txt"]
    assert "music-tracker import --listener ID " in note.read_text()


def test_one_candidate_is_the_owner(context: Context) -> None:
    """Nothing has to be read for that."""
    anna = find_listener(context.settings, "anna")
    owners = Owners(context, [anna], confirmed=False)
    found = owners.find([])
    assert found is not None and found.settings.listener_id == "anna"
    assert owners.ids == "anna"
