"""What is checked before a deployment, and what keeps it from being made; deploying itself is in test_commands.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from orchestrate.deploy_flows import main, validate

NOBODY = "http://127.0.0.1:9/api"


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Name an address at which no server answers."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    monkeypatch.setenv("PREFECT_API_URL", NOBODY)
    with temporary_settings({PREFECT_API_URL: NOBODY}):
        yield


def test_without_a_server_a_short_check_ends_there(no_server: None, settings: Settings) -> None:
    """dbt is not parsed for nothing."""
    found = list(validate(settings, thorough=False))
    assert [(result.key, result.level) for result in found] == [("settings", "ok"), ("server", "problem")]
    assert "docker-compose up -d prefect-server prefect-db" in found[1].hint


def test_a_thorough_check_goes_on_to_credentials_and_services(
    no_server: None, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """So that one look shows everything that is to be fixed."""
    for name in ("musicbrainz_base_url", "nominatim_base_url"):
        settings = settings.model_copy(update={name: "http://127.0.0.1:9"})
    found = {result.key: result.level for result in validate(settings, thorough=True, etl=False)}
    assert found["credentials"] == "note"
    assert (found["reach:musicbrainz"], found["reach:nominatim"]) == ("warning", "warning")
    assert "dbt" not in found


def test_a_problem_keeps_everything_from_being_deployed(no_server: None, capsys: pytest.CaptureFixture[str]) -> None:
    """It is marked, with what to do."""
    with pytest.raises(ConfigurationError, match=r"Nothing was deployed\. Fix what is marked PROBLEM"):
        main(validate_=False, spotify_only=True, etl_only=False)
    assert capsys.readouterr().out.startswith("PROBLEM  No Prefect server answers at ")


def test_the_two_options_exclude_each_other() -> None:
    """Before anything is checked."""
    with pytest.raises(ConfigurationError, match="exclude each other"):
        main(validate_=False, spotify_only=True, etl_only=True)
