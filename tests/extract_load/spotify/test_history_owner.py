"""Somebody else's export is refused, whatever it is known by, unless the user says that it is theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from extract_load.enrichment import Context
from extract_load.settings import Settings
from extract_load.spool import Envelope, write_envelopes
from extract_load.spotify.history import ImportResult
from tests.extract_load.spotify.exports import FOLDER, START, old_row, row, uri, write_file, write_zip

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
