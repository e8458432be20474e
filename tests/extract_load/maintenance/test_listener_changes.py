"""Changes to the registry: what is refused changes nothing."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from extract_load.core.errors import ConfigurationError
from extract_load.core.listener_registry import Listener, read_registry
from extract_load.core.listeners import registry_of, secrets_dir
from extract_load.core.settings import Settings
from extract_load.maintenance.backup import backup
from extract_load.maintenance.listener_changes import add_listener, change_listener
from extract_load.maintenance.restore import restore
from tests.support.data_directories import DataDirectory


def test_the_first_one_added_is_the_second_listener(data_directory: DataDirectory) -> None:
    """The listener of LISTENER_ID is written beside them, as home."""
    settings = data_directory.settings
    add_listener(settings, Listener("anna", "Anna", "Europe/Berlin"))
    known = read_registry(settings.listeners_path)
    assert ([one.listener_id for one in known], known.home) == (["me", "anna"], "me")
    assert settings.has_several_listeners


@pytest.mark.parametrize(
    "wrong",
    [
        Listener("me"),
        Listener("ME"),
        Listener("../me"),
        Listener("family"),
        Listener("anna", "two\nlines"),
        Listener("anna", "x" * 81),
        Listener("anna", time_zone="Berlin"),
    ],
)
def test_what_is_refused_changes_nothing(data_directory: DataDirectory, wrong: Listener) -> None:
    """No registry, no folder."""
    with pytest.raises(ConfigurationError):
        add_listener(data_directory.settings, wrong)
    assert not data_directory.settings.listeners_path.exists()
    assert not (data_directory.settings.data_dir / "listeners").exists()


def test_an_app_is_whole(data_directory: DataDirectory) -> None:
    """An id without a secret is refused; both are kept apart from the registry."""
    settings = data_directory.settings
    with pytest.raises(ConfigurationError):
        add_listener(settings, Listener("anna"), client_id="hers")
    add_listener(settings, Listener("anna"), client_id="hers", client_secret=SecretStr("planted"))
    assert b"planted" not in settings.listeners_path.read_bytes()
    assert b"planted" in (secrets_dir(settings, "anna") / "spotify_app.json").read_bytes()


def test_a_first_id_that_names_no_folder_stays_alone(data_directory: DataDirectory) -> None:
    """LISTENER_ID may be `..`, as long as there is one listener."""
    odd = data_directory.settings.model_copy(update={"listener_id": ".."})
    with pytest.raises(ConfigurationError, match="LISTENER_ID"):
        add_listener(odd, Listener("anna"))


def test_a_name_and_an_agreement_change(data_directory: DataDirectory) -> None:
    """The id and the rest stay; nobody else is touched; nothing is shared before."""
    settings: Settings = data_directory.settings
    add_listener(settings, Listener("anna", "Anna"))
    assert not any(one.shares for one in registry_of(settings))
    change_listener(settings, "anna", name="Änne")
    change_listener(settings, "anna", shares=True)
    assert registry_of(settings).find("anna") == Listener("anna", "Änne", shares=True)
    assert registry_of(settings).find("me") == Listener("me")
    with pytest.raises(ConfigurationError, match="no listener"):
        change_listener(settings, "ben", name="Ben")


def test_the_registry_is_in_backups_and_the_secrets_are_not(data_directory: DataDirectory) -> None:
    """It comes back with the plays, follows its changes, and goes when it says nothing any more."""
    settings, folder = data_directory.settings, data_directory.settings.data_dir.parent / "kept"
    data_directory.poll(0, 5)
    add_listener(settings, Listener("anna", "Anna"), client_id="hers", client_secret=SecretStr("planted"))
    backup(settings, folder, seeds=data_directory.seeds, clock=data_directory.clock)
    change_listener(settings, "anna", name="Änne")
    report = backup(settings, folder, seeds=data_directory.seeds, clock=data_directory.clock)
    assert report.kept == []
    assert not any(b"planted" in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    elsewhere = settings.model_copy(update={"data_base_path": folder.parent / "new" / "src"})
    restore(elsewhere, folder, seeds=data_directory.seeds, clock=data_directory.clock)
    assert elsewhere.listeners_path.read_bytes() == settings.listeners_path.read_bytes()
    settings.listeners_path.unlink()
    backup(settings, folder, seeds=data_directory.seeds, clock=data_directory.clock)
    assert not (folder / "listeners.json").exists()
