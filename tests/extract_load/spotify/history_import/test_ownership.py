"""Somebody else's export is refused, whatever it is known by, unless the user says that it is theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.context import Context
from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.spotify.history_import.importer import ImportResult, import_paths
from extract_load.storage.spool import Envelope, write_envelopes
from extract_load.storage.warehouse import Warehouse
from extract_load.storage.writer_lock import WriterLock
from tests.support.exports import FOLDER, START, old_row, row, uri, write_file, write_zip

Importer = Callable[..., ImportResult]
Query = Callable[..., list[tuple[Any, ...]]]

COUNT = "select count(*) from raw.spotify_streaming_history"


def polled(context: Context, settings: Settings, numbers: range, *, days: int = 0) -> None:
    """Let the listener's polls have shown these plays, some milliseconds after the export's times."""
    envelopes = [
        Envelope(
            "spotify",
            "recently_played",
            "run",
            context.clock.now(),
            {
                "played_at": (START + timedelta(days=days, minutes=4 * number, seconds=1)).isoformat() + "Z",
                "track": {"uri": uri(number), "name": "x", "artists": []},
            },
            {},
            settings.listener_id,
        )
        for number in numbers
    ]
    write_envelopes(settings.spool_dir, envelopes)
    context.landing.land()


def test_another_user_name_is_refused(tmp_path: Path, bring_in: Importer, query: Query, settings: Settings) -> None:
    """The first export with names binds the listener to them; another's is refused, and nothing of it is kept."""
    bring_in(write_file(tmp_path, "endsong_0.json", [old_row(n, "me.myself") for n in range(5)]))
    before = sorted(settings.spool_dir.rglob("*"))
    foreign = write_zip(
        tmp_path / "foreign.zip",
        {f"MyData/endsong_{k}.json": [old_row(100 * k + n, "somebody.else") for n in range(50, 60)] for k in range(3)},
    )
    refused = bring_in(foreign)
    assert (refused.exit_code, refused.total("rows")) == (1, 0)
    assert "another listener's export (its rows carry another user name)" in refused.refused[0].reason
    assert "--confirm-listener" in refused.refused[0].reason
    assert sorted(settings.spool_dir.rglob("*")) == before
    assert query(COUNT) == [(5,)]
    confirmed = bring_in(foreign, confirm_listener=True)
    assert (confirmed.exit_code, confirmed.total("landed")) == (0, 30)
    later = write_file(tmp_path, "endsong_7.json", [old_row(700, "somebody.else")])
    assert bring_in(later).total("landed") == 1, "a confirmed name is known from then on"


def test_the_user_name_is_kept_only_as_a_keyed_hash(tmp_path: Path, bring_in: Importer, context: Context) -> None:
    """What the state keeps tells nothing about the name to who does not know the key."""
    bring_in(write_file(tmp_path, "endsong_0.json", [old_row(1, "me.myself")]))
    facts = context.state.facts("listener")
    assert len(facts["usernames:me"]) == 1
    assert "me.myself" not in str(facts)


def test_an_export_without_the_polled_plays_is_refused(
    tmp_path: Path, bring_in: Importer, context: Context, settings: Settings, query: Query
) -> None:
    """Newer rows carry no name: plays that polls showed in that time must be in it."""
    polled(context, settings, range(100, 140))
    foreign = write_zip(
        tmp_path / "foreign.zip",
        {
            f"{FOLDER}/Streaming_History_Audio_2024_0.json": [
                row(n, spotify_track_uri=uri(9000 + n)) for n in range(300)
            ]
        },
    )
    refused = bring_in(foreign)
    assert (refused.exit_code, refused.total("rows")) == (1, 0)
    assert "plays that are known from that time are not in it" in refused.refused[0].reason
    assert query(COUNT) == [(0,)]
    assert not list(settings.spool_dir.glob("spotify/streaming_history/*/*"))
    assert bring_in(foreign, confirm_listener=True).total("landed") == 300


def test_an_own_export_is_known_by_the_polled_plays(
    tmp_path: Path, bring_in: Importer, context: Context, settings: Settings
) -> None:
    """Files of one download may hold any part of the time: they are judged together."""
    polled(context, settings, range(100, 140))
    files = {f"{FOLDER}/Streaming_History_Audio_2024_{k}.json": [row(n) for n in range(k, 300, 5)] for k in range(5)}
    assert bring_in(write_zip(tmp_path / "own.zip", files)).total("landed") == 300


def test_an_export_of_another_time_is_believed(
    tmp_path: Path, bring_in: Importer, context: Context, settings: Settings
) -> None:
    """Polls that began after the export ended say nothing about it."""
    polled(context, settings, range(100, 140), days=30)
    assert bring_in(write_file(tmp_path, "x.json", [row(n) for n in range(50)])).total("landed") == 50


def test_a_second_export_is_compared_with_the_first(tmp_path: Path, bring_in: Importer, query: Query) -> None:
    """Without polls, what earlier exports told about the same time speaks for or against it."""
    name = f"{FOLDER}/Streaming_History_Audio_2024_0.json"
    bring_in(write_zip(tmp_path / "first.zip", {name: [row(n) for n in range(200)]}))
    foreign = {name: [row(n, spotify_track_uri=uri(9000 + n)) for n in range(220)]}
    assert bring_in(write_zip(tmp_path / "foreign.zip", foreign)).exit_code == 1
    assert bring_in(write_zip(tmp_path / "newer.zip", {name: [row(n) for n in range(240)]})).total("landed") == 240
    assert query(COUNT) == [(440,)]


def test_each_download_of_one_import_is_judged(
    tmp_path: Path, bring_in: Importer, context: Context, settings: Settings
) -> None:
    """That the first one is landing already does not keep the second from being compared with what is known."""
    polled(context, settings, range(100, 140))
    name = f"{FOLDER}/Streaming_History_Audio_2024_0.json"
    own = write_zip(tmp_path / "a.zip", {name: [row(n) for n in range(300)]})
    foreign = write_zip(tmp_path / "b.zip", {name: [row(n, spotify_track_uri=uri(9000 + n)) for n in range(310)]})
    result = bring_in(own, foreign)
    assert (result.total("landed"), len(result.refused)) == (300, 1)
    assert "plays that are known from that time are not in it" in result.refused[0].reason


def of_account(number: int, title: str = "Song {}") -> dict[str, Any]:
    """Return a row of account data, which knows minutes, names and no ids."""
    at = START + timedelta(minutes=4 * number)
    names = {"artistName": "Band", "trackName": title.format(number)}
    return {"endTime": at.strftime("%Y-%m-%d %H:%M"), **names, "msPlayed": 200_000 + number}


def test_account_data_is_judged_by_titles(tmp_path: Path, bring_in: Importer) -> None:
    """Account data of the same time, and a detailed export after account data, must tell of the same songs."""
    name = "StreamingHistory_music_0.json"
    bring_in(write_file(tmp_path, "Streaming_History_Audio_2024_0.json", [row(n) for n in range(300)]))
    foreign = write_file(tmp_path / "foreign", name, [of_account(n, "Other {}") for n in range(300)])
    assert "plays that are known from that time are not in it" in bring_in(foreign).refused[0].reason
    own = write_file(tmp_path / "own", name, [of_account(n) for n in range(300)])
    assert bring_in(own).total("landed") == 300


def test_an_export_is_judged_by_account_data(tmp_path: Path, bring_in: Importer) -> None:
    """Where only account data is known, a detailed export must have its songs."""
    name = "Streaming_History_Audio_2024_0.json"
    bring_in(write_file(tmp_path, "StreamingHistory_music_0.json", [of_account(n) for n in range(300)]))
    foreign = [row(n, master_metadata_track_name=f"Other {n}") for n in range(300)]
    assert bring_in(write_file(tmp_path / "foreign", name, foreign)).exit_code == 1
    assert bring_in(write_file(tmp_path / "own", name, [row(n) for n in range(300)])).total("landed") == 300


def test_an_own_export_is_known_though_polls_told_the_start(
    tmp_path: Path, bring_in: Importer, context: Context, settings: Settings
) -> None:
    """Some clients stamp an item with the start of the play, three minutes and more before the export's time."""
    polled(context, settings, range(100, 140))
    later = [row(n, ts=(START + timedelta(minutes=4 * n, seconds=200)).isoformat() + "Z") for n in range(300)]
    assert bring_in(write_file(tmp_path, "x.json", later)).total("landed") == 300


def publish(settings: Settings, numbers: range) -> None:
    """Let these plays be published."""
    settings.published_path.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.published_path)) as made:
        made.execute("create schema marts")
        made.execute(
            "create table marts.fct_plays (listener_id varchar, track_key varchar, ended_at timestamp);"
            "create table marts.dim_track (track_key varchar, spotify_track_id varchar, track_name varchar)"
        )
        for number in numbers:
            at, key = START + timedelta(minutes=4 * number), f"key {number}"
            made.execute("insert into marts.fct_plays values (?, ?, ?)", [settings.listener_id, key, at])
            made.execute("insert into marts.dim_track values (?, ?, ?)", [key, uri(number)[14:], f"Song {number}"])


def test_an_export_is_judged_while_another_has_the_warehouse(
    tmp_path: Path, context: Context, settings: Settings
) -> None:
    """By what is published, and where nothing is, it is refused: a stranger's plays would be in for ever."""
    polled(context, settings, range(100, 140))
    hasty = settings.model_copy(update={"lock_wait_seconds": 0.2})
    waiting = Context(hasty, Warehouse(hasty), context.state, "r", context.clock)
    rows = [row(n, spotify_track_uri=uri(9000 + n)) for n in range(300)]
    foreign = write_file(tmp_path / "foreign", "Streaming_History_Audio_2024_0.json", rows)
    own = write_file(tmp_path / "own", "Streaming_History_Audio_2024_0.json", [row(n) for n in range(300)])
    with WriterLock(settings.lock_path).held("dbt build", 5):
        with pytest.raises(ServiceUnavailable, match=r"can't be looked up: .*dbt build.*--confirm-listener"):
            import_paths(waiting, [own])
        publish(settings, range(90, 150))
        assert "plays that are known from that time are not in it" in import_paths(waiting, [foreign]).refused[0].reason
        assert import_paths(waiting, [own]).exit_code == 0
    context.landing.land()
    with context.warehouse.open("a test") as connection:
        assert connection.execute(COUNT).fetchall() == [(300,)]
