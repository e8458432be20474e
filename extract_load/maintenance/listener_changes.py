"""Changes to the registry of listeners: add one, show another name, let the family file in or out.

Always holds: the id of a listener never changes, since every row carries it; what is refused changes nothing.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from zoneinfo import available_timezones

from pydantic import SecretStr

from extract_load.core.clock import SystemClock
from extract_load.core.errors import ConfigurationError
from extract_load.core.listener_registry import Listener, Registry, is_usable_id, write_registry
from extract_load.core.listeners import find_listener, published_path_of, registry_of, write_app
from extract_load.core.settings import Settings
from extract_load.core.text import printable
from extract_load.publishing.draft import set_access
from extract_load.publishing.family_file import publish_family
from extract_load.publishing.listener_files import remove_other_forms
from extract_load.publishing.publish import label_of
from extract_load.storage.opening import open_store, open_warehouse

LONGEST_NAME = 80


def add_listener(
    settings: Settings, listener: Listener, *, client_id: str | None = None, client_secret: SecretStr | None = None
) -> Listener:
    """Register a listener, with their own Spotify app if they have one, and return them.

    Errors: ConfigurationError for an id that is taken or can't name a folder, an unknown zone, half of an app.
    """
    _bring_registry(settings)
    known = registry_of(settings)
    _check(listener)
    _check_id(listener.listener_id, known)
    if bool(client_id) != bool(client_secret):
        raise ConfigurationError("An app is an id and a secret.", hint="Give --client-id, and the secret when asked.")
    if client_id and client_secret:
        write_app(settings, listener.listener_id, client_id, client_secret)
    with open_warehouse(settings).lock.held("listener add", settings.lock_wait_seconds):
        published = settings.published_path
        write_registry(settings.listeners_path, known.put(listener))
        _give_registry(settings)
        if settings.published_path != published and published.exists():
            _split(settings, published, known.listeners[0])
    return listener


def change_listener(settings: Settings, listener_id: str, **changes: str | bool) -> Listener:
    """Change the name, the time zone or the agreement of a listener, write the family file anew, and return them.

    Errors: ConfigurationError when there is no such listener, for an empty name, or an unknown zone.
    """
    _bring_registry(settings)
    changed = replace(find_listener(settings, listener_id), **changes)  # type: ignore[arg-type]
    _check(changed)
    with open_warehouse(settings).lock.held("listener change", settings.lock_wait_seconds):
        write_registry(settings.listeners_path, registry_of(settings).put(changed))
        _give_registry(settings)
        publish_family(settings, label_of(settings), SystemClock().now())  # who takes it back is out of it at once
    return changed


def unregister_everywhere(settings: Settings, listener_id: str) -> None:
    """Take a listener out of the list that all machines of a lake have, so that nobody polls them any more."""
    _bring_registry(settings)
    with open_warehouse(settings).lock.held("listener remove", settings.lock_wait_seconds):
        write_registry(settings.listeners_path, registry_of(settings).without(listener_id), is_shared=True)
        _give_registry(settings)


def _bring_registry(settings: Settings) -> None:
    """With a lake, take the list of listeners that all machines have."""
    if settings.is_lake:
        open_store(settings).fetch(f"src/{settings.listeners_path.name}", settings.listeners_path)


def _give_registry(settings: Settings) -> None:
    """With a lake, give the list of listeners to all machines."""
    if settings.is_lake:
        open_store(settings).put(settings.listeners_path, f"src/{settings.listeners_path.name}")


def _split(settings: Settings, published: Path, only: Listener) -> None:
    """Make the published file of one listener theirs among several, and that of all."""
    for target in (settings.published_path, published_path_of(settings, only.listener_id)):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy2(published, target.with_name(f"{target.name}.partial"))
        target.with_name(f"{target.name}.partial").replace(target)
    set_access(settings.published_path, settings.published_path.parent, settings)
    remove_other_forms(settings)


def _check(listener: Listener) -> None:
    name = listener.name
    if name != printable(name).strip() or len(name) > LONGEST_NAME:
        raise ConfigurationError(f"A name has at most {LONGEST_NAME} letters, and no line breaks.")
    if listener.time_zone and listener.time_zone not in available_timezones():
        raise ConfigurationError(f"{listener.time_zone!r} is no time zone.", hint="Write one like Europe/Berlin.")


def _check_id(listener_id: str, known: Registry) -> None:
    if not is_usable_id(listener_id):
        raise ConfigurationError(
            f"{listener_id!r} can't be an id.",
            hint="Use up to 64 letters, digits and _.-, but not family or all.",
        )
    for one in known:
        if not is_usable_id(one.listener_id):
            raise ConfigurationError(
                f"LISTENER_ID {one.listener_id!r} can't name a folder, which each of several listeners has.",
                hint="It has to begin with a letter or a digit.",
            )
        if one.listener_id.lower() == listener_id.lower():
            raise ConfigurationError(f"There is a listener {one.listener_id} already.", hint="Choose another id.")
