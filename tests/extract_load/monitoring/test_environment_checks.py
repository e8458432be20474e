"""A wrong clock, a forgotten zone, a readable `.env` and a path with `?` are named."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from extract_load.monitoring.environment_checks import check_paths, machine_zone
from extract_load.storage.state import PollRecord, State
from tests.support.broken_environments import NOTHING_LISTENS, only_trouble, troubles
from tests.support.clock import ManualClock
from tests.support.data_directories import settings_in


@pytest.mark.parametrize("now", [datetime(1970, 1, 1, 0, 5), datetime(2000, 1, 1), datetime(2025, 6, 1)])
def test_4_a_clock_that_was_never_set(offline: Settings, now: datetime) -> None:
    """A board without a battery begins in 1970 or 2000."""
    found = only_trouble(offline, now=now)
    assert f"{now:%Y-%m-%d %H:%M} UTC" in found.text
    assert "Set the clock" in found.hint


def test_4_a_clock_that_is_slower_than_its_own_records(offline: Settings) -> None:
    """Something was recorded tomorrow."""
    clock = ManualClock()
    state = State(offline.state_path)
    later = clock.now().replace(year=clock.now().year + 1)
    state.record_poll(PollRecord("poll", "me", "run", later, "overlap", 1, 1, 0))
    state.close()
    found = only_trouble(offline)
    assert f"recorded at {later:%Y-%m-%d %H:%M}" in found.text


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
def test_8_a_readable_env_file(offline: Settings, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    """Its own user alone may read it."""
    path = offline.data_dir / ".env"
    path.write_text("SPOTIFY_CLIENT_SECRET=x\n")
    monkeypatch.setenv("MUSIC_TRACKER_ENV_FILE", str(path))
    path.chmod(mode)
    found = only_trouble(offline)
    assert (f"mode {mode:04o}" in found.text, found.hint) == (True, f"Run `chmod 600 {path}`.")
    path.chmod(0o600)
    assert troubles(offline) == []


def test_a_setting_that_is_misspelt(offline: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named with the right one; names of docker-compose, of Prefect and of other programs are left alone."""
    path = offline.data_dir / ".env"
    path.write_text("# ETL_HOUUR=1\nSPOTFY_CLIENT_ID=x\nexport etl_hours = 3\nPAGE_BIND=::1\nEDITOR=vi\nETL_HOUR=4\n")
    path.chmod(0o600)
    monkeypatch.setenv("MUSIC_TRACKER_ENV_FILE", str(path))
    assert [(found.level, found.text, found.hint) for found in troubles(offline)] == [
        ("warning", f"{name} in .env is no setting, so nothing reads it. Is it {right}?",
         f"Call it {right}, or take the line out.")
        for name, right in (("SPOTFY_CLIENT_ID", "SPOTIFY_CLIENT_ID"), ("etl_hours", "ETL_HOUR"))
    ]  # fmt: skip


def test_12_a_time_zone_that_does_not_exist(tmp_path: Path) -> None:
    """It stops every command with the same sentence."""
    with pytest.raises(ConfigurationError, match=r"LISTENER_TIMEZONE: 'Mars/Base' is not a time zone") as stopped:
        settings_in(tmp_path, listener_timezone="Mars/Base")
    assert "Europe/Berlin" in stopped.value.message
    assert stopped.value.hint


def test_12_a_time_zone_that_was_forgotten(offline: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Days would be shown in UTC to somebody in Sydney; a zone that was chosen is right wherever the machine is."""
    monkeypatch.setenv("TZ", "Australia/Sydney")
    found = only_trouble(offline)
    assert (found.key, "Australia/Sydney" in found.hint) == ("zone", True)
    assert troubles(offline.model_copy(update={"listener_timezone": "Europe/Berlin"})) == []


def test_15_a_path_with_a_question_mark(tmp_path: Path) -> None:
    """DuckDB would look for the log of the warehouse in another folder."""
    home = tmp_path / "what?"
    home.mkdir()
    services = {"musicbrainz_base_url": NOTHING_LISTENS, "nominatim_base_url": NOTHING_LISTENS}
    places = {"data_base_path": tmp_path / "src", "cache_dir": tmp_path / "cache"}
    found = troubles(settings_in(home, **services, **places))
    assert found[0].key == "path:DUCKDB_PATH"
    assert "has a ? in it" in found[0].text
    assert "Rename the folder" in found[0].hint


@pytest.mark.parametrize("name", ["home[1]", "a*b"])
def test_a_path_that_others_take_for_a_pattern_is_a_note(tmp_path: Path, name: str) -> None:
    """It works here."""
    found = list(check_paths(settings_in(tmp_path / name)))
    assert [one.level for one in found] == ["note"] * 3


@pytest.mark.parametrize(
    ("leads_to", "zone"),
    [("/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"), ("/etc/other", None), ("../zoneinfo/Nowhere/At", None)],
)
def test_the_zone_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leads_to: str, zone: str | None
) -> None:
    """From the link that systems keep; TZ wins."""
    monkeypatch.delenv("TZ", raising=False)
    link = tmp_path / "localtime"
    link.symlink_to(leads_to)
    assert machine_zone(link) == zone
    monkeypatch.setenv("TZ", ":Asia/Tokyo")
    assert machine_zone(link) == "Asia/Tokyo"
