"""Settings: presets, overrides, and one clear sentence for each bad value."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings, load_settings, project_root, settings_file


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take this machine's own settings out of the way."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def load(tmp_path: Path, text: str = "") -> Settings:
    (tmp_path / ".env").write_text(text)
    return load_settings(env_file=tmp_path / ".env")


def test_development_has_no_limits(tmp_path: Path) -> None:
    """Unset, everything is processed."""
    settings = load(tmp_path)
    assert settings.environment == "development"
    assert settings.spotify_artist_limit is None
    assert settings.musicbrainz_fetch_limit is None
    assert settings.default_timeout == 300


def test_testing_is_small_and_short(tmp_path: Path) -> None:
    """The preset of testing lays small limits and short time-outs under what is unset."""
    settings = load(tmp_path, "ENVIRONMENT=testing\n")
    assert settings.spotify_artist_limit == 5
    assert settings.default_timeout == 60


def test_what_is_set_wins_over_the_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of .env wins over the preset, and one of the environment over .env."""
    monkeypatch.setenv("SPOTIFY_ALBUM_LIMIT", "7")
    settings = load(tmp_path, "ENVIRONMENT=production\nSPOTIFY_ARTIST_LIMIT=200\nSPOTIFY_ALBUM_LIMIT=6\n")
    assert (settings.spotify_artist_limit, settings.spotify_album_limit) == (200, 7)


def test_trips_are_moments_in_utc(tmp_path: Path) -> None:
    """A moment is UTC unless it has an offset; spaces and a comma at the end make no difference."""
    settings = load(tmp_path, "LISTENER_TRIPS='2026-05-10T12:00+02:00=America/New_York, 2026-05-24=Europe/Berlin,'")
    assert settings.listener_trips == "2026-05-10 10:00:00=America/New_York,2026-05-24 00:00:00=Europe/Berlin"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ENVIRONMENT=prod", "ENVIRONMENT: input should be 'development', 'testing' or 'production'"),
        ("SPOTIFY_ARTIST_LIMIT=many", "SPOTIFY_ARTIST_LIMIT: input should be a valid integer"),
        ("SPOTIFY_ARTIST_LIMIT=-1", "SPOTIFY_ARTIST_LIMIT: input should be greater than or equal to 0"),
        ("LISTENER_TIMEZONE=Mars/Olympus", "LISTENER_TIMEZONE: 'Mars/Olympus' is not a time zone name"),
        ("LISTENER_TRIPS=2026-05-10=Mars/Base", "LISTENER_TRIPS: '2026-05-10=Mars/Base' is no trip"),
        ("LISTENER_TRIPS=in May=Europe/Berlin", "LISTENER_TRIPS: 'in May=Europe/Berlin' is no trip"),
        ("MUSICBRAINZ_BASE_URL=musicbrainz.org", "MUSICBRAINZ_BASE_URL: it must be an address that starts with http"),
        ("MUSICBRAINZ_REQUESTS_PER_SECOND=5", "MUSICBRAINZ_REQUESTS_PER_SECOND is 5, but the public host"),
        ("NOMINATIM_REQUESTS_PER_SECOND=2", "NOMINATIM_REQUESTS_PER_SECOND is 2, but the public host"),
        ("DUCKDB_MEMORY_LIMIT=lots", "DUCKDB_MEMORY_LIMIT: "),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_the_variable(tmp_path: Path, line: str, expected: str) -> None:
    """No traceback, no list of internals: the variable, what is wrong, where to mend it."""
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, line)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("Fix it in the environment or in .env.")


def test_a_mirror_of_ones_own_may_be_faster(tmp_path: Path) -> None:
    """Only the public hosts are held to one request a second."""
    settings = load(tmp_path, "MUSICBRAINZ_BASE_URL=http://127.0.0.1:5000/\nMUSICBRAINZ_REQUESTS_PER_SECOND=50\n")
    assert settings.musicbrainz_requests_per_second == 50
    assert settings.musicbrainz_base_url == "http://127.0.0.1:5000"


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    """The text form of the settings holds neither secret nor token."""
    settings = load(tmp_path, "SPOTIFY_CLIENT_SECRET=s3cr3t\nSPOTIFY_REFRESH_TOKEN=t0k3n\n")
    assert "s3cr3t" not in repr(settings)
    assert "t0k3n" not in repr(settings)


def test_a_bad_secret_is_not_repeated(tmp_path: Path) -> None:
    """An error about one variable does not print the values of others."""
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, "SPOTIFY_CLIENT_SECRET=s3cr3t\nDEFAULT_TIMEOUT=no\n")
    assert "s3cr3t" not in str(caught.value)


def test_relative_paths_count_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working directory does not matter."""
    monkeypatch.setenv("MUSIC_TRACKER_HOME", str(tmp_path))
    monkeypatch.chdir("/")
    settings = load(tmp_path)
    assert settings.warehouse_path == tmp_path / "data" / "music_tracker.duckdb"
    assert settings.spool_dir == tmp_path / "data" / "src"


def test_a_named_file_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one sentence with what to do; a folder is none, an empty name is that of the project."""
    for path in (tmp_path / "none.env", tmp_path):
        monkeypatch.setenv("MUSIC_TRACKER_ENV_FILE", str(path))
        with pytest.raises(ConfigurationError, match=f"names {path}, and there is no such file") as refused:
            load_settings()
        assert "unset MUSIC_TRACKER_ENV_FILE" in str(refused.value.hint)
    monkeypatch.setenv("MUSIC_TRACKER_ENV_FILE", os.devnull)
    assert load_settings().etl_hour == 5
    monkeypatch.setenv("MUSIC_TRACKER_ENV_FILE", "")
    assert settings_file() == project_root() / ".env"


def test_the_example_file_explains_every_variable() -> None:
    """.env.example names exactly the variables that there are, and loads as it stands."""
    example = Path(__file__).parents[3] / ".env.example"
    named = {line.split("=")[0] for line in example.read_text().splitlines() if line[:1].isupper()}
    assert named == {name.upper() for name in Settings.model_fields}
    assert load_settings(env_file=example).environment == "development"


def test_the_example_file_explains_the_variables_of_the_compose_file() -> None:
    """What docker-compose alone reads stands there, too, at its default and switched off: no setting of ours is it."""
    root = Path(__file__).parents[3]
    asked = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", (root / "docker-compose.yml").read_text()))
    own = {name: default for name, default in asked.items() if name.lower() not in Settings.model_fields}
    shown = dict(re.findall(r"^# ([A-Z_]+)=(.*)$", (root / ".env.example").read_text(), re.MULTILINE))
    assert own
    assert shown == own
