"""Changes to the registry of listeners: add one, show another name, let the family file in or out.

Always holds: the id of a listener never changes, since every row carries it; what is refused changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import available_timezones

from pydantic import SecretStr

from extract_load.core.errors import ConfigurationError
from extract_load.core.listener_registry import Listener, Registry, is_usable_id, write_registry
from extract_load.core.listeners import find_listener, registry_of, write_app
from extract_load.core.settings import Settings
from extract_load.core.text import printable

LONGEST_NAME = 80


def add_listener(
    settings: Settings, listener: Listener, *, client_id: str | None = None, client_secret: SecretStr | None = None
) -> Listener:
    """Register a listener, with their own Spotify app if they have one, and return them.

    Errors: ConfigurationError for an id that is taken or can't name a folder, an unknown zone, half of an app.
    """
    known = registry_of(settings)
    _check(listener)
    _check_id(listener.listener_id, known)
    if bool(client_id) != bool(client_secret):
        raise ConfigurationError("An app is an id and a secret.", hint="Give --client-id, and the secret when asked.")
    if client_id and client_secret:
        write_app(settings, listener.listener_id, client_id, client_secret)
    write_registry(settings.listeners_path, known.put(listener))
    return listener


def change_listener(settings: Settings, listener_id: str, **changes: str | bool) -> Listener:
    """Change the name, the time zone or the agreement of a listener, and return them.

    Errors: ConfigurationError when there is no such listener, for an empty name, or an unknown zone.
    """
    changed = replace(find_listener(settings, listener_id), **changes)  # type: ignore[arg-type]
    _check(changed)
    write_registry(settings.listeners_path, registry_of(settings).put(changed))
    return changed


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
