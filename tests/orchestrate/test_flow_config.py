"""FlowConfig: what ENVIRONMENT stands for, what wins over it, and that it can be shown to anybody."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from extract_load.core.errors import ConfigurationError
from orchestrate.flow_config import FlowConfig, get_flow_config, in_effect

ROOT = Path(__file__).parents[2]
LIMITS = (
    *("spotify_artist_limit", "spotify_album_limit", "spotify_track_limit"),
    *("musicbrainz_fetch_limit", "musicbrainz_hierarchy_limit"),
)


def test_development_has_no_limits() -> None:
    """Nothing set: everything that is waiting is worked through."""
    config = get_flow_config()
    assert config.environment == "development"
    assert [getattr(config, name) for name in LIMITS] == [None] * 5
    assert config.default_timeout == 300


def test_testing_is_small_and_production_reasonable() -> None:
    """Each limit grows from testing to production; time-outs as well."""
    testing, production = get_flow_config("testing"), get_flow_config("production")
    for name in (*LIMITS, "default_timeout"):
        assert 0 < getattr(testing, name) < getattr(production, name)
    assert testing.retries == 0
    assert production.retries


def test_what_is_set_wins_and_a_run_wins_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Preset < environment variable < what this run is given; empty fields keep what is below."""
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("SPOTIFY_ARTIST_LIMIT", "7")
    monkeypatch.setenv("DEFAULT_TIMEOUT", "45")
    assert get_flow_config().spotify_artist_limit == 7
    run = in_effect(FlowConfig(spotify_artist_limit=3, retries=1))
    assert (run.environment, run.spotify_artist_limit, run.default_timeout, run.retries) == ("production", 3, 45, 1)
    assert run.spotify_album_limit == 200
    settings = run.settings()
    assert (settings.spotify_artist_limit, settings.default_timeout, settings.environment) == (3, 45, "production")
    assert in_effect(FlowConfig(environment="testing")).spotify_album_limit == 5


def test_filling_it_twice_changes_nothing() -> None:
    """A subflow that is handed a filled configuration works with the same one."""
    once = get_flow_config("testing", musicbrainz_fetch_limit=0)
    assert once.musicbrainz_fetch_limit == 0
    assert in_effect(once) == once


@pytest.mark.parametrize(
    ("environment", "overrides", "sentence"),
    [
        ("staging", {}, "ENVIRONMENT: "),
        (None, {"spotify_artist_limit": -1}, "SPOTIFY_ARTIST_LIMIT: "),
        (None, {"default_timeout": 0}, "DEFAULT_TIMEOUT: "),
    ],
)
def test_a_bad_value_is_one_sentence(environment: str | None, overrides: dict[str, float], sentence: str) -> None:
    """The sentence begins with the variable's name."""
    with pytest.raises(ConfigurationError) as raised:
        get_flow_config(environment, **overrides)
    assert str(raised.value).startswith(sentence)
    assert "\n" not in str(raised.value)


def test_no_secret_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is set, the plain form holds limits and time-outs alone."""
    for name in ("SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN", "ALERT_URLS"):
        monkeypatch.setenv(name, "very-secret-indeed")
    shown = json.dumps(get_flow_config().to_dict())
    assert "secret" not in shown.lower()
    assert FlowConfig(**get_flow_config("testing").to_dict()) == get_flow_config("testing")


def test_the_form_of_the_user_interface_has_words_for_each_field() -> None:
    """Prefect's page shows a description beside every field."""
    fields = FlowConfig.model_json_schema()["properties"]
    assert all(field.get("description") for field in fields.values())
    assert set(fields) == set(get_flow_config().to_dict())


def test_the_old_import_path_is_the_same_module() -> None:
    """`extract_load.orchestrate.flow_config` is another name, not a copy, and costs no Prefect."""
    program = (
        "from extract_load.orchestrate.flow_config import get_flow_config; print(get_flow_config().to_dict());"
        "import extract_load.orchestrate.flow_config as old, orchestrate.flow_config as new, sys;"
        "assert old is new and old.FlowConfig is new.FlowConfig; assert 'prefect' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "'spotify_artist_limit': None" in done.stdout


def test_as_a_script_it_prints_what_is_in_effect() -> None:
    """Limits, time-outs and where things lie; with a bad value, a sentence and exit code 2."""
    script = [sys.executable, "prefect/orchestrate/flow_config.py"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["environment"] == "development"
    wrong = subprocess.run(
        ["env", "SPOTIFY_ALBUM_LIMIT=many", *script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("SPOTIFY_ALBUM_LIMIT: ")
    assert "Traceback" not in wrong.stderr
