"""Forget: gone from the spool, the cache, the warehouse, the published file and backups; it stays gone; all adds up."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from extract_load.context import Context
from extract_load.core.errors import BadInput
from extract_load.core.keys import key_of_text
from extract_load.erasure.rules import Rule, hashed, load_rules, write_rules
from extract_load.maintenance.backup import backup
from extract_load.maintenance.compact import compact
from extract_load.maintenance.forget import forget, list_taken, plan_forgetting
from extract_load.maintenance.forget_request import ErasureRequest
from extract_load.maintenance.rebuild import unfinished_forgetting
from extract_load.maintenance.restore import restore
from extract_load.maintenance.verify import verify
from extract_load.spotify.history_import.importer import import_paths
from tests.support.data_directories import START, DataDirectory, play, published_plays, small_transform


def take_out(data_directory: DataDirectory, wish: ErasureRequest, note: str | None = None) -> Any:
    plan = plan_forgetting(data_directory.settings, data_directory.warehouse, wish, clock=data_directory.clock)
    forget(
        data_directory.settings,
        data_directory.state,
        small_transform,
        plan,
        note=note,
        seeds=data_directory.seeds,
        clock=data_directory.clock,
    )
    return plan


def traces(folder: Path, text: str) -> list[str]:
    """Name every file below a folder that holds a text, compressed ones unpacked."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            content = gzip.decompress(content) if path.name.endswith(".gz") else content
            if text.encode() in content:
                found.append(path.name)
    return found


def adds_up(data_directory: DataDirectory) -> bool:
    wrong = "select count(*) from ops.landed_files where rows_counted <> rows_landed + rows_known + rows_rejected"
    return data_directory.rows(wrong) == [(0,)]


def export_row(number: int, seconds: int = 0) -> dict[str, Any]:
    """Make the export's row of a play, ending so many seconds after the poll's time."""
    at = START + timedelta(minutes=5 * number, seconds=seconds)
    return {
        "ts": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "platform": "android",
        "ms_played": 180_000,
        "conn_country": "DE",
        "master_metadata_track_name": f"Song {number % 40}",
        "master_metadata_album_artist_name": f"Band {number % 10}",
        "master_metadata_album_album_name": "Album",
        "spotify_track_uri": f"spotify:track:{number % 40:022d}",
        "offline": False,
        "skipped": False,
    }


def import_rows(data_directory: DataDirectory, folder: Path, rows: list[dict[str, Any]]) -> Any:
    folder.mkdir()
    (folder / "Streaming_History_Audio_2026_1.json").write_text(json.dumps(rows))
    context = Context(
        data_directory.settings, data_directory.warehouse, data_directory.state, "import-1", data_directory.clock
    )
    return import_paths(context, [folder], confirm_listener=True)


def test_an_artist_goes_from_everywhere(filled: DataDirectory, tmp_path: Path) -> None:
    """No file tells of the artist any more, whether single, in a day file, cached or published."""
    filled.answer("artist", 3, START, {"id": f"{3:022d}", "name": "Band 3"})
    filled.landing.land()
    folder = tmp_path / "b"
    backup(filled.settings, folder, seeds=filled.seeds, clock=filled.clock)
    compact(filled.settings, filled.warehouse, clock=filled.clock)
    assert traces(filled.settings.data_dir, "Band 3") != []
    plan = take_out(filled, ErasureRequest(artist="band 3"), note="for good reasons")
    assert (plan.plays_in_polls, plan.plays_in_exports) == (7, 0)
    assert traces(filled.settings.data_dir, "Band 3") == []
    assert traces(filled.settings.data_dir, "Song 13") == []
    assert len(published_plays(filled.settings)) == 63
    assert adds_up(filled)
    rules = filled.rows("select kind, note, subjects > 0, reaches_until from ops.forgotten")
    assert rules == [("artist", "for good reasons", True, filled.clock.now())]
    report = backup(filled.settings, folder, seeds=filled.seeds, clock=filled.clock)
    assert report.kept == []
    assert traces(folder, "Band 3") == []
    assert verify(filled.settings, folder, small_transform, seeds=filled.seeds, clock=filled.clock).is_good


def test_a_time_span_goes_and_the_rest_is_as_it_was(filled: DataDirectory) -> None:
    """Only plays that ended in the span are gone; every other row has its name, number and time as before."""
    before = filled.plays()
    start, end = START + timedelta(minutes=27), START + timedelta(minutes=46)
    plan = take_out(filled, ErasureRequest(reaches_from=start, reaches_until=end))
    assert plan.plays_in_polls == 4
    assert filled.plays() == [row for row in before if not start <= row[1] <= end]
    reasons = filled.rows("select reason, payload, count(*) from ops.rejected_rows group by all")
    assert reasons == [("forgotten", None, plan.lines)]
    assert adds_up(filled)


@pytest.mark.parametrize(("asked", "in_marts"), [("md5", "md5"), ("md5", "number"), ("number", "number")])
def test_one_play_goes_and_its_neighbours_stay(filled: DataDirectory, asked: str, in_marts: str) -> None:
    """The same track a day later stays. Keys are numbers since this version; the one of before is the same play."""
    (key,) = filled.rows("select play_key from marts.fct_plays where track_name = 'Song 8' order by ended_at limit 1")[
        0
    ]
    before = published_plays(filled.settings)
    if in_marts == "number":
        with filled.warehouse.open("test") as connection:
            connection.execute(
                "alter table marts.fct_source_rows alter play_key type bigint"
                " using cast('0x' || left(play_key, 14) as bigint)"
            )
    plan = take_out(filled, ErasureRequest(play_key=key if asked == "md5" else str(key_of_text(key))))
    assert (plan.lines, plan.plays_in_polls) == (1, 1)
    assert published_plays(filled.settings) == [row for row in before if row[0] != key]


def test_what_is_forgotten_does_not_come_back_by_a_poll(filled: DataDirectory) -> None:
    """The next poll still shows the play; it is taken out of the new spool file, too."""
    take_out(filled, ErasureRequest(artist="Band 3"))
    again = filled.poll(0, 30, at=filled.clock.now())
    report = filled.landing.land()
    assert report.rejected[("spotify", "recently_played")] == 3
    assert filled.rows("select count(*) from raw.spotify_recently_played where payload ilike '%band 3%'") == [(0,)]
    assert b"Band 3" not in gzip.decompress(again.read_bytes())
    assert adds_up(filled)


def test_an_artist_who_is_played_later_counts_again(filled: DataDirectory) -> None:
    """Forgetting reaches what was, not what will be."""
    take_out(filled, ErasureRequest(artist="Band 3"))
    number = int((filled.clock.now() - START) / timedelta(minutes=5)) // 10 * 10 + 13
    filled.poll(number, 1)
    assert filled.landing.land().rows("spotify", "recently_played") == 1


def test_a_forgotten_play_does_not_come_back_by_an_export(filled: DataDirectory, tmp_path: Path) -> None:
    """The export tells of the play some seconds off; the nearest row of that track is refused, and no other."""
    (key,) = filled.rows("select play_key from marts.fct_plays where track_name = 'Song 8' order by ended_at limit 1")[
        0
    ]
    take_out(filled, ErasureRequest(play_key=key))
    rows = [export_row(number, seconds=4) for number in range(20)] + [export_row(8, seconds=64)]
    result = import_rows(filled, tmp_path / "export", rows)
    assert (result.total("rows"), result.total("landed"), result.total("rejected")) == (21, 20, 1)
    landed = filled.rows(
        "select payload ->> '$.ts' from raw.spotify_streaming_history"
        " where payload ->> '$.master_metadata_track_name' = 'Song 8'"
    )
    assert landed == [("2026-10-01T08:41:04Z",)]
    assert adds_up(filled)


def test_an_old_export_that_is_imported_again_brings_nothing_back(filled: DataDirectory, tmp_path: Path) -> None:
    """Neither the same file nor a newer export with the same plays; what was not forgotten lands."""
    rows = [export_row(number) for number in range(1000, 1040)]
    import_rows(filled, tmp_path / "one", rows)
    small_transform(filled.settings)
    plan = take_out(filled, ErasureRequest(artist="Band 3"))
    assert plan.plays_in_exports == 4
    assert import_rows(filled, tmp_path / "two", rows).total("landed") == 0
    assert import_rows(filled, tmp_path / "three", [*rows, export_row(1041)]).total("landed") == 37
    assert traces(filled.settings.data_dir, "Band 3") == []
    assert adds_up(filled)


def test_an_old_backup_that_is_restored_brings_nothing_back(filled: DataDirectory, tmp_path: Path) -> None:
    """A backup made before the wish still holds the plays; restoring it does not."""
    folder = tmp_path / "b"
    backup(filled.settings, folder, seeds=filled.seeds, clock=filled.clock)
    take_out(filled, ErasureRequest(artist="Band 3"))
    for path in (filled.settings.spool_dir / "spotify").rglob("*.gz"):
        path.unlink()
    restore(filled.settings, folder, seeds=filled.seeds, clock=filled.clock)
    assert traces(filled.settings.spool_dir, "Band 3") == []


def test_nothing_is_done_for_a_name_that_nobody_has(filled: DataDirectory) -> None:
    """An unknown artist or play is one sentence, and no rule."""
    for wish in (ErasureRequest(artist="Nobody At All"), ErasureRequest(play_key="0" * 32)):
        with pytest.raises(BadInput, match=r"No artist matches|No play has"):
            plan_forgetting(filled.settings, filled.warehouse, wish, clock=filled.clock)
    assert not load_rules(filled.settings.spool_dir)


def test_what_a_kill_left_is_finished_by_the_next_rebuild(filled: DataDirectory) -> None:
    """A wish that was written down holds; it is known as unfinished until everything is made anew."""
    plan = plan_forgetting(filled.settings, filled.warehouse, ErasureRequest(artist="Band 3"), clock=filled.clock)

    def dies(settings: object) -> list[str]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forget(filled.settings, filled.state, dies, plan, seeds=filled.seeds, clock=filled.clock)
    rules = load_rules(filled.settings.spool_dir)
    assert len(unfinished_forgetting(filled.state, rules)) == 1
    take_out(filled, ErasureRequest(reaches_from=START, reaches_until=START))
    assert unfinished_forgetting(filled.state, load_rules(filled.settings.spool_dir)) == []
    assert traces(filled.settings.data_dir, "Band 3") == []


def test_another_listeners_plays_stay(filled: DataDirectory) -> None:
    """A wish of one listener reaches nobody else's rows."""
    from extract_load.storage.spool import Envelope, write_envelopes

    theirs = [Envelope("spotify", "recently_played", "r", datetime(2026, 10, 1, 12), play(3), {}, "somebody")]
    write_envelopes(filled.settings.spool_dir, theirs)
    filled.landing.land()
    take_out(filled, ErasureRequest(artist="Band 3", listener_id="me"))
    assert filled.rows(
        "select distinct listener_id from raw.spotify_recently_played where payload like '%Band 3%'"
    ) == [("somebody",)]


def named_row(number: int, artist: str) -> dict[str, Any]:
    """Make a row of an export without ids: only the artist's name says whose it is."""
    return {**export_row(number), "master_metadata_album_artist_name": artist, "spotify_track_uri": None}


@pytest.mark.parametrize(
    ("asked", "others"),
    [("ハス", ["バス"]), ("Мои", ["Мой"]), ("रोम", ["राम"]), ("Beyonce", ["Beyoncé"]), ("ACDC", ["AC/DC"])],
)
def test_a_name_reaches_itself_alone(
    data_directory: DataDirectory, tmp_path: Path, asked: str, others: list[str]
) -> None:
    """Erasing matches to the letter, but for case: names that only look alike keep their plays; what goes is listed."""
    rows = [named_row(number, name) for number, name in enumerate([asked, asked.upper(), *others])]
    import_rows(data_directory, tmp_path / "export", rows)
    plan = plan_forgetting(
        data_directory.settings, data_directory.warehouse, ErasureRequest(artist=asked), clock=data_directory.clock
    )
    assert {artist for artist, _ in plan.taken} == {asked, asked.upper()}
    assert list_taken(plan.taken)[0].startswith(f"  {asked}: ")
    take_out(data_directory, ErasureRequest(artist=asked))
    names = data_directory.rows(
        "select payload ->> '$.master_metadata_album_artist_name' from raw.spotify_streaming_history"
    )
    assert names == [(name,) for name in others]


def test_a_rule_of_the_first_version_reaches_what_it_reached(data_directory: DataDirectory, tmp_path: Path) -> None:
    """Its names were folded without any mark; a later export brings nothing back of what it took."""
    salt = "0123456789abcdef"
    old = Rule("20260101T000000-1", "artist", salt, subjects=hashed(["artist-name:ハス"], salt))
    write_rules(data_directory.settings.spool_dir, [old], note=None, at=START)
    import_rows(data_directory, tmp_path / "export", [named_row(0, "バス"), named_row(1, "Someone")])
    names = data_directory.rows(
        "select payload ->> '$.master_metadata_album_artist_name' from raw.spotify_streaming_history"
    )
    assert names == [("Someone",)]
