"""The inbox: whole exports are imported once and moved, nothing that lies there stops a run, everything is said."""

from __future__ import annotations

import os
import random
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from extract_load.context import Context
from extract_load.core.settings import Settings, load_settings
from extract_load.monitoring.alerts import send_alerts
from extract_load.monitoring.check_result import CheckResult
from extract_load.monitoring.health import health
from extract_load.spotify.history_import.importer import import_paths
from extract_load.spotify.history_import.inbox import InboxResult, has_entries, import_inbox, summarize_inbox
from extract_load.storage.writer_lock import WriterLock
from tests.support.exports import old_row, row, write_file, write_zip

Query = Callable[..., list[tuple[Any, ...]]]
COUNT = "select count(*) from raw.spotify_streaming_history"
NAME = "Streaming_History_Audio_2024_0.json"


@pytest.fixture
def inbox(settings: Settings) -> Path:
    settings.inbox_path.mkdir(parents=True)
    return settings.inbox_path


def look_twice(context: Context) -> InboxResult:
    """The second look is the first at which an entry can be known to be whole."""
    import_inbox(context)
    return import_inbox(context)


def lies(inbox: Path) -> list[str]:
    return sorted(str(path.relative_to(inbox)) for path in inbox.rglob("*") if path.is_file() or path.is_symlink())


def reported(context: Context) -> list[CheckResult]:
    found = health(context.settings, context.state, context.clock).results
    return [result for result in found if result.key.startswith("inbox")]


def test_a_whole_export_is_imported_and_moved(context: Context, inbox: Path, query: Query) -> None:
    """Zip, folder and single file; not at the first look, and only once."""
    write_zip(inbox / "my_spotify_data.zip", {NAME: [row(n) for n in range(3)]})
    write_file(inbox, "endsong_0.json", [old_row(n) for n in range(10, 12)])
    (inbox / "folder").mkdir()
    write_file(inbox / "folder", NAME, [row(20)])
    assert has_entries(context)
    first = import_inbox(context)
    assert (first.imported, len(first.waiting)) == ([], 3)
    second = import_inbox(context)
    assert (len(second.imported), second.failed, second.rows_landed) == (3, [], 6)
    assert lies(inbox) == ["done/endsong_0.json", f"done/folder/{NAME}", "done/my_spotify_data.zip"]
    assert query(COUNT) == [(6,)]
    assert summarize_inbox(second).counts == {"imported": 3, "failed": 0, "rows_landed": 6}
    assert (import_inbox(context).message, has_entries(context)) == ("", False)
    write_zip(inbox / "my_spotify_data.zip", {NAME: [row(n) for n in range(3)]})
    assert look_twice(context).rows_landed == 0
    assert "done/my_spotify_data (2).zip" in lies(inbox)
    assert query(COUNT) == [(6,)]


def test_a_file_that_still_grows_is_left_until_it_is_whole(
    context: Context, inbox: Path, tmp_path: Path, query: Query
) -> None:
    """A zip that arrives in pieces, one a look, each with the same time; at its end it is imported."""
    whole = write_zip(tmp_path / "whole.zip", {NAME: [row(n) for n in range(50)]}).read_bytes()
    for end in range(0, len(whole) + 1, max(1, len(whole) // 6)):
        (inbox / "data.zip").write_bytes(whole[:end])
        os.utime(inbox / "data.zip", (1_700_000_000, 1_700_000_000))
        assert import_inbox(context).imported == []
    (inbox / "data.zip").write_bytes(whole)
    assert look_twice(context).imported == ["data.zip"]
    assert query(COUNT) == [(50,)]


def test_what_can_not_be_read_is_put_aside_with_a_reason(context: Context, inbox: Path, query: Query) -> None:
    """Reported once by an alert, in `status` while it lies there; tried again when it is put back."""
    (inbox / "data.zip").write_bytes(b"PK\x03\x04 this is no zip")
    result = look_twice(context)
    assert (result.imported, result.failed) == ([], ["data.zip"])
    assert lies(inbox) == ["failed/data.zip", "failed/data.zip.txt"]
    note = (inbox / "failed" / "data.zip.txt").read_text(encoding="utf-8")
    assert "the zip is damaged; download it again" in note
    assert "Move this file back into the inbox" in note
    (said,) = reported(context)
    assert (said.level, said.alerts) == ("warning", True)
    assert "data.zip" in said.text
    assert "the zip is damaged" in said.text

    sent: list[str] = []

    def send(_title: str, body: str, _is_trouble: bool) -> bool:
        sent.append(body)
        return True

    for _ in range(3):
        import_inbox(context)
        found = health(context.settings, context.state, context.clock)
        send_alerts(context.settings, context.state, found, clock=context.clock, send=send)
    assert [body.count("data.zip from the inbox") for body in sent] == [1]

    write_zip(inbox / "failed" / "data.zip", {NAME: [row(n) for n in range(2)]})
    (inbox / "failed" / "data.zip").rename(inbox / "data.zip")
    assert reported(context) == []
    assert look_twice(context).imported == ["data.zip"]
    assert lies(inbox) == ["done/data.zip"], "the old reason is gone"
    assert query(COUNT) == [(2,)]


def test_what_is_put_back_unchanged_is_tried_again(context: Context, inbox: Path) -> None:
    (inbox / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    assert look_twice(context).failed == ["photo.jpg"]
    (inbox / "failed" / "photo.jpg").rename(inbox / "photo.jpg")
    assert look_twice(context).failed == ["photo.jpg"]
    assert lies(inbox) == ["failed/photo.jpg", "failed/photo.jpg.txt"]


def test_the_good_part_of_a_broken_export_is_in(context: Context, inbox: Path, query: Query) -> None:
    """The note names the file that is broken; put back, nothing counts twice."""
    with zipfile.ZipFile(write_zip(inbox / "data.zip", {NAME: [row(1)]}), "a") as archive:
        archive.writestr("Streaming_History_Audio_2023_1.json", "no JSON at all")
    assert look_twice(context).failed == ["data.zip"]
    assert "Streaming_History_Audio_2023_1.json" in (inbox / "failed" / "data.zip.txt").read_text(encoding="utf-8")
    (inbox / "failed" / "data.zip").rename(inbox / "data.zip")
    assert look_twice(context).failed == ["data.zip"]
    assert query(COUNT) == [(1,)]


@pytest.mark.parametrize("seed", range(4))
def test_nothing_that_lies_there_stops_a_run(context: Context, inbox: Path, query: Query, seed: int) -> None:
    """Rubbish of all kinds beside one good export, in any order of names: the good one is in, the rest is put aside."""
    rng = random.Random(seed)
    kinds: list[Callable[[Path], object]] = [
        lambda path: path.write_bytes(rng.randbytes(500)),
        lambda path: path.write_bytes(b"PK\x05\x06" + bytes(18)),
        lambda path: path.write_bytes(b"\x1f\x8b" + rng.randbytes(40)),
        lambda path: path.write_text("[" * 100_000),
        lambda path: path.write_text('{"a": 1}'),
        lambda path: path.write_text(""),
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to("nowhere"),
        os.mkfifo,
    ]
    endings = (".json", ".zip", ".gz", "", ".txt", " \n.json")
    for number, kind in enumerate(kinds):
        kind(inbox / f"{rng.choice('amz')}{number}{rng.choice(endings)}")
    huge = inbox / "huge.zip"
    with huge.open("wb") as file:
        file.truncate(5 << 30)  # a hole: no byte of it is stored
    write_zip(inbox / "m.zip", {NAME: [row(n) for n in range(4)]})
    result = look_twice(context)
    assert result.imported == ["m.zip"]
    assert result.stopped == ""
    assert query(COUNT) == [(4,)]
    left = {path.name for path in inbox.iterdir()}
    assert left == {"done", "failed"}
    put_aside = {path.name for path in (inbox / "failed").iterdir()}
    notes = [inbox / "failed" / f"{name}.txt" for name in put_aside if f"{name}.txt" in put_aside]
    assert len(notes) == len(kinds) + 1
    assert len(reported(context)) == len(kinds) + 1
    assert all("Why:\n- " in note.read_text(encoding="utf-8") for note in notes)


def test_another_listeners_export_waits_for_confirmation(
    context: Context, inbox: Path, tmp_path: Path, query: Query
) -> None:
    """It stays where it is, says the command, is not read at each look, and is moved once it is confirmed."""
    import_paths(context, [write_file(tmp_path, "endsong_0.json", [old_row(n, "me.myself") for n in range(5)])])
    foreign = write_zip(inbox / "theirs.zip", {"endsong_0.json": [old_row(n, "somebody.else") for n in range(50, 60)]})
    assert look_twice(context).waiting == ["theirs.zip"]
    assert lies(inbox) == ["theirs.zip", "theirs.zip.waiting.txt"]
    command = f"music-tracker import --confirm-listener {foreign}"
    assert command in (inbox / "theirs.zip.waiting.txt").read_text(encoding="utf-8")
    (said,) = reported(context)
    assert (said.level, said.alerts) == ("warning", True)
    assert command in said.hint
    before = context.state.facts("inbox")
    assert import_inbox(context).waiting == ["theirs.zip"]
    assert context.state.facts("inbox") == before
    assert query(COUNT) == [(5,)]

    import_paths(context, [foreign], confirm_listener=True)
    assert query(COUNT) == [(15,)]
    assert import_inbox(context).imported == ["theirs.zip"]
    assert lies(inbox) == ["done/theirs.zip"]
    assert reported(context) == []


def test_a_foreign_export_that_is_deleted_is_forgotten(context: Context, inbox: Path, tmp_path: Path) -> None:
    import_paths(context, [write_file(tmp_path, "endsong_0.json", [old_row(1, "me.myself")])])
    foreign = write_file(inbox, "endsong_1.json", [old_row(50, "somebody.else")])
    look_twice(context)
    foreign.unlink()
    assert reported(context) == []
    import_inbox(context)
    assert (lies(inbox), has_entries(context)) == ([], False)


def test_a_busy_import_leaves_everything_for_the_next_run(context: Context, inbox: Path, query: Query) -> None:
    """Nothing is put aside because another import is running, or because another run looks at the inbox."""
    write_zip(inbox / "data.zip", {NAME: [row(1)]})
    import_inbox(context)
    hasty = replace(context, settings=context.settings.model_copy(update={"lock_wait_seconds": 0}))
    with WriterLock(context.settings.data_dir / ".import.lock", context.clock).held("an import", 0):
        result = import_inbox(hasty)
    assert "Another import is running" in result.stopped
    assert (result.failed, lies(inbox)) == ([], ["data.zip"])
    assert ["Another import is running" in said.text for said in reported(context)] == [True]
    with WriterLock(context.settings.data_dir / ".inbox.lock", context.clock).held("another look", 0):
        assert import_inbox(context) == InboxResult()
    assert import_inbox(context).imported == ["data.zip"]
    assert (query(COUNT), reported(context)) == ([(1,)], [])


def test_the_inbox_lies_beside_the_warehouse_or_where_it_is_set(tmp_path: Path) -> None:
    beside = load_settings(env_file=tmp_path / "no.env", duckdb_path=tmp_path / "home" / "x.duckdb")
    assert beside.inbox_path == tmp_path / "home" / "inbox"
    elsewhere = load_settings(env_file=tmp_path / "no.env", inbox_dir=tmp_path / "drop")
    assert elsewhere.inbox_path == tmp_path / "drop"


def test_an_inbox_that_can_not_be_used_is_said(context: Context, settings: Settings) -> None:
    settings.inbox_path.parent.mkdir(parents=True, exist_ok=True)
    settings.inbox_path.write_text("a file where the folder should be")
    result = import_inbox(context)
    assert "The inbox can't be used" in result.stopped
    assert ["The inbox can't be used" in said.text for said in reported(context)] == [True]
