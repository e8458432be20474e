"""The settings as each listener has them: paths of their own for the added ones, everything as ever for the first."""

from __future__ import annotations

import stat

import pytest
from pydantic import SecretStr

from extract_load.core.errors import ConfigurationError
from extract_load.core.listener_registry import Listener, Registry, write_registry
from extract_load.core.listeners import (
    APP,
    chosen_listeners,
    find_listener,
    has_signed_in,
    only_listener,
    registry_of,
    secrets_dir,
    settings_of,
    write_app,
)
from extract_load.core.settings import Settings


@pytest.fixture
def household(settings: Settings) -> Settings:
    """Return settings beside a registry of two listeners."""
    write_registry(settings.listeners_path, Registry((Listener("me"), Listener("anna", "Anna", "Asia/Tokyo")), "me"))
    return settings.model_copy(
        update={
            "spotify_client_id": "app",
            "spotify_client_secret": SecretStr("s"),
            "spotify_refresh_token": SecretStr("mine"),
            "listener_trips": "2026-05-10 12:00:00=America/New_York",
        }
    )


def test_one_listener_is_the_settings_alone(settings: Settings) -> None:
    """Nothing is read or written, and the very same settings come back."""
    (only,) = registry_of(settings)
    assert settings_of(settings, only) is settings
    assert (only.listener_id, settings.scope, settings.app_scope) == ("me", "", "")
    assert not settings.has_several_listeners
    assert not settings.listeners_path.exists()


def test_an_added_listener_has_paths_of_their_own(household: Settings) -> None:
    """Token, zone and keys are theirs; token and trips of the settings are not; the app is, until they have one."""
    anna = settings_of(household, find_listener(household, "anna"))
    assert (anna.listener_id, anna.home_listener_id, anna.scope, anna.app_scope) == ("anna", "me", ":anna", "")
    assert anna.token_path == household.data_dir / "listeners" / "anna" / "spotify_token.json"
    assert (anna.listener_timezone, anna.spotify_refresh_token, anna.listener_trips) == ("Asia/Tokyo", None, "")
    assert anna.spotify_client_id == "app"
    write_app(household, "anna", "hers", SecretStr("her secret"))
    anna = settings_of(household, find_listener(anna, "anna"))
    assert (anna.spotify_client_id, anna.app_scope) == ("hers", ":anna")
    assert anna.spotify_client_secret and anna.spotify_client_secret.get_secret_value() == "her secret"
    assert stat.S_IMODE((secrets_dir(household, "anna") / APP).stat().st_mode) == 0o600
    assert settings_of(household, find_listener(household, "me")) is household


def test_an_app_that_cannot_be_read_is_no_other_app(household: Settings) -> None:
    """Hers is not silently replaced by that of the settings."""
    write_app(household, "anna", "hers", SecretStr("her secret"))
    (secrets_dir(household, "anna") / APP).write_text("{")
    with pytest.raises(ConfigurationError, match="anna"):
        settings_of(household, find_listener(household, "anna"))


def test_who_is_meant(household: Settings) -> None:
    """All by default, the named ones once each, and nobody by accident."""
    assert [one.listener_id for one in chosen_listeners(household)] == ["me", "anna"]
    assert [one.listener_id for one in chosen_listeners(household, ["anna", "anna"])] == ["anna"]
    assert only_listener(household, "anna").shown == "Anna"
    with pytest.raises(ConfigurationError, match="--listener: me, anna"):
        only_listener(household, None)
    with pytest.raises(ConfigurationError, match="no listener 'ben'"):
        chosen_listeners(household, ["ben"])


def test_another_listener_id_in_the_settings_is_refused(household: Settings) -> None:
    """The paths of the first listener would become somebody else's."""
    with pytest.raises(ConfigurationError, match="LISTENER_ID=me"):
        registry_of(household.model_copy(update={"listener_id": "anna"}))


def test_who_has_signed_in(household: Settings) -> None:
    """A token that Spotify refused counts: that sign-in has to be renewed, not passed over."""
    anna = settings_of(household, find_listener(household, "anna"))
    assert has_signed_in(household)
    assert not has_signed_in(anna)
    anna.token_path.parent.mkdir(parents=True)
    anna.token_path.with_suffix(".refused.json").write_text("{}")
    assert has_signed_in(anna)
