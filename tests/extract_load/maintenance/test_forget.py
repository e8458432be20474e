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
from extract_load.erasure.rules import load_rules
from extract_load.maintenance.backup import backup
from extract_load.maintenance.compact import compact
from extract_load.maintenance.forget import forget, plan_forgetting
from extract_load.maintenance.forget_request import Wish
from extract_load.maintenance.rebuild import unfinished_forgetting
from extract_load.maintenance.restore import restore
from extract_load.maintenance.verify import verify
from extract_load.spotify.history_import.importer import import_paths
from tests.support.data_directories import START, Home, play, published_plays, small_transform


def take_out(home: Home, wish: Wish, note: str | None = None) -> Any:
    plan = plan_forgetting(home.settings, home.warehouse, wish, clock=home.clock)
    forget(home.settings, home.state, small_transform, plan, note=note, seeds=home.seeds, clock=home.clock)
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


def adds_up(home: Home) -> bool:
    wrong = "select count(*) from ops.landed_files where rows_counted <> rows_landed + rows_known + rows_rejected"
    return home.rows(wrong) == [(0,)]


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


def import_rows(home: Home, folder: Path, rows: list[dict[str, Any]]) -> Any:
    folder.mkdir()
    (folder / "Streaming_History_Audio_2026_1.json").write_text(json.dumps(rows))
    context = Context(home.settings, home.warehouse, home.state, "import-1", home.clock)
    return import_paths(context, [folder], confirm_listener=True)


def test_an_artist_goes_from_everywhere(lived_in: Home, tmp_path: Path) -> None:
    """No file of the home tells of the artist any more, whether single, in a day file, cached or published."""
    lived_in.answer("artist", 3, START, {"id": f"{3:022d}", "name": "Band 3"})
    lived_in.landing.land()
    folder = tmp_path / "b"
    backup(lived_in.settings, folder, seeds=lived_in.seeds, clock=lived_in.clock)
    compact(lived_in.settings, lived_in.warehouse, clock=lived_in.clock)
    assert traces(lived_in.settings.data_dir, "Band 3") != []
    plan = take_out(lived_in, Wish(artist="band 3"), note="for good reasons")
    assert (plan.plays_in_polls, plan.plays_in_exports) == (7, 0)
    assert traces(lived_in.settings.data_dir, "Band 3") == []
    assert traces(lived_in.settings.data_dir, "Song 13") == []
    assert len(published_plays(lived_in.settings)) == 63
    assert adds_up(lived_in)
    rules = lived_in.rows("select kind, note, subjects > 0, reaches_until from ops.forgotten")
    assert rules == [("artist", "for good reasons", True, lived_in.clock.now())]
    report = backup(lived_in.settings, folder, seeds=lived_in.seeds, clock=lived_in.clock)
    assert report.kept == []
    assert traces(folder, "Band 3") == []
    assert verify(lived_in.settings, folder, small_transform, seeds=lived_in.seeds, clock=lived_in.clock).is_good


def test_a_time_span_goes_and_the_rest_is_as_it_was(lived_in: Home) -> None:
    """Only plays that ended in the span are gone; every other row has its name, number and time as before."""
    before = lived_in.plays()
    start, end = START + timedelta(minutes=27), START + timedelta(minutes=46)
    plan = take_out(lived_in, Wish(reaches_from=start, reaches_until=end))
    assert plan.plays_in_polls == 4
    assert lived_in.plays() == [row for row in before if not start <= row[1] <= end]
    reasons = lived_in.rows("select reason, payload, count(*) from ops.rejected_rows group by all")
    assert reasons == [("forgotten", None, plan.lines)]
    assert adds_up(lived_in)


def test_one_play_goes_and_its_neighbours_stay(lived_in: Home) -> None:
    """The same track a day later stays."""
    (key,) = lived_in.rows(
        "select play_key from marts.fct_plays where track_name = 'Song 8' order by ended_at limit 1"
    )[0]
    before = published_plays(lived_in.settings)
    plan = take_out(lived_in, Wish(play_key=key))
    assert (plan.lines, plan.plays_in_polls) == (1, 1)
    assert published_plays(lived_in.settings) == [row for row in before if row[0] != key]


def test_what_is_forgotten_does_not_come_back_by_a_poll(lived_in: Home) -> None:
    """The next poll still shows the play; it is taken out of the new spool file, too."""
    take_out(lived_in, Wish(artist="Band 3"))
    again = lived_in.poll(0, 30, at=lived_in.clock.now())
    report = lived_in.landing.land()
    assert report.rejected[("spotify", "recently_played")] == 3
    assert lived_in.rows("select count(*) from raw.spotify_recently_played where payload ilike '%band 3%'") == [(0,)]
    assert b"Band 3" not in gzip.decompress(again.read_bytes())
    assert adds_up(lived_in)


def test_an_artist_who_is_played_later_counts_again(lived_in: Home) -> None:
    """Forgetting reaches what was, not what will be."""
    take_out(lived_in, Wish(artist="Band 3"))
    number = int((lived_in.clock.now() - START) / timedelta(minutes=5)) // 10 * 10 + 13
    lived_in.poll(number, 1)
    assert lived_in.landing.land().rows("spotify", "recently_played") == 1


def test_a_forgotten_play_does_not_come_back_by_an_export(lived_in: Home, tmp_path: Path) -> None:
    """The export tells of the play some seconds off; the nearest row of that track is refused, and no other."""
    (key,) = lived_in.rows(
        "select play_key from marts.fct_plays where track_name = 'Song 8' order by ended_at limit 1"
    )[0]
    take_out(lived_in, Wish(play_key=key))
    rows = [export_row(number, seconds=4) for number in range(20)] + [export_row(8, seconds=64)]
    result = import_rows(lived_in, tmp_path / "export", rows)
    assert (result.total("rows"), result.total("landed"), result.total("rejected")) == (21, 20, 1)
    landed = lived_in.rows(
        "select payload ->> '$.ts' from raw.spotify_streaming_history"
        " where payload ->> '$.master_metadata_track_name' = 'Song 8'"
    )
    assert landed == [("2026-10-01T08:41:04Z",)]
    assert adds_up(lived_in)


def test_an_old_export_that_is_imported_again_brings_nothing_back(lived_in: Home, tmp_path: Path) -> None:
    """Neither the same file nor a newer export with the same plays; what was not forgotten lands."""
    rows = [export_row(number) for number in range(1000, 1040)]
    import_rows(lived_in, tmp_path / "one", rows)
    small_transform(lived_in.settings)
    plan = take_out(lived_in, Wish(artist="Band 3"))
    assert plan.plays_in_exports == 4
    assert import_rows(lived_in, tmp_path / "two", rows).total("landed") == 0
    assert import_rows(lived_in, tmp_path / "three", [*rows, export_row(1041)]).total("landed") == 37
    assert traces(lived_in.settings.data_dir, "Band 3") == []
    assert adds_up(lived_in)


def test_an_old_backup_that_is_restored_brings_nothing_back(lived_in: Home, tmp_path: Path) -> None:
    """A backup made before the wish still holds the plays; restoring it does not."""
    folder = tmp_path / "b"
    backup(lived_in.settings, folder, seeds=lived_in.seeds, clock=lived_in.clock)
    take_out(lived_in, Wish(artist="Band 3"))
    for path in (lived_in.settings.spool_dir / "spotify").rglob("*.gz"):
        path.unlink()
    restore(lived_in.settings, folder, seeds=lived_in.seeds, clock=lived_in.clock)
    assert traces(lived_in.settings.spool_dir, "Band 3") == []


def test_nothing_is_done_for_a_name_that_nobody_has(lived_in: Home) -> None:
    """An unknown artist or play is one sentence, and no rule."""
    for wish in (Wish(artist="Nobody At All"), Wish(play_key="0" * 32)):
        with pytest.raises(BadInput, match=r"Nobody is known|No play has"):
            plan_forgetting(lived_in.settings, lived_in.warehouse, wish, clock=lived_in.clock)
    assert not load_rules(lived_in.settings.spool_dir)


def test_what_a_kill_left_is_finished_by_the_next_rebuild(lived_in: Home) -> None:
    """A wish that was written down holds; it is known as unfinished until everything is made anew."""
    plan = plan_forgetting(lived_in.settings, lived_in.warehouse, Wish(artist="Band 3"), clock=lived_in.clock)

    def dies(settings: object) -> list[str]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forget(lived_in.settings, lived_in.state, dies, plan, seeds=lived_in.seeds, clock=lived_in.clock)
    rules = load_rules(lived_in.settings.spool_dir)
    assert len(unfinished_forgetting(lived_in.state, rules)) == 1
    take_out(lived_in, Wish(reaches_from=START, reaches_until=START))
    assert unfinished_forgetting(lived_in.state, load_rules(lived_in.settings.spool_dir)) == []
    assert traces(lived_in.settings.data_dir, "Band 3") == []


def test_another_listeners_plays_stay(lived_in: Home) -> None:
    """A wish of one listener reaches nobody else's rows."""
    from extract_load.storage.spool import Envelope, write_envelopes

    theirs = [Envelope("spotify", "recently_played", "r", datetime(2026, 10, 1, 12), play(3), {}, "somebody")]
    write_envelopes(lived_in.settings.spool_dir, theirs)
    lived_in.landing.land()
    take_out(lived_in, Wish(artist="Band 3", listener_id="me"))
    assert lived_in.rows(
        "select distinct listener_id from raw.spotify_recently_played where payload like '%Band 3%'"
    ) == [("somebody",)]
