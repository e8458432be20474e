"""Who listens here, and the settings as each of them has them.

In: the settings, the registry of listeners, a folder of secrets for each one that was added (`data/listeners/<id>/`:
the own Spotify app, the token; 0600). Out: settings that name the listener, their time zone, token file and app, so
that polling, signing in and importing need to know of one listener only.
Always holds: without a registry there is the one listener of LISTENER_ID, with all paths as they always were.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
from pydantic import SecretStr

from extract_load.core.errors import MALFORMED, ConfigurationError
from extract_load.core.listener_registry import Listener, Registry, read_registry, write_private
from extract_load.core.settings import Settings

TOKEN, APP = "spotify_token.json", "spotify_app.json"
FAMILY = "family"
_UNREADABLE: tuple[type[Exception], ...] = (OSError, *MALFORMED)
_LIST = "`music-tracker listener list` shows who there is."


def registry_of(settings: Settings) -> Registry:
    """Return all listeners, registered or not: without a registry the one of LISTENER_ID.

    Errors: ConfigurationError when the registry can't be read, or LISTENER_ID names another one than it was made for.
    """
    registry = read_registry(settings.listeners_path)
    if not registry.listeners:
        return Registry((Listener(settings.home_listener_id),), settings.home_listener_id)
    if registry.home not in {None, settings.home_listener_id}:
        raise ConfigurationError(
            f"LISTENER_ID is {settings.home_listener_id}, but the settings were {registry.home}'s when another listener"
            " was added.",
            hint=f"Set LISTENER_ID={registry.home} again; --listener names somebody else.",
        )
    return registry


def find_listener(settings: Settings, listener_id: str) -> Listener:
    """Return the listener of an id. Errors: ConfigurationError when there is none."""
    found = registry_of(settings).find(listener_id)
    if found is None:
        raise ConfigurationError(f"There is no listener {listener_id!r}.", hint=_LIST)
    return found


def chosen_listeners(settings: Settings, named: Sequence[str] = ()) -> list[Listener]:
    """Return the named listeners, all of them when nobody is named. Errors: ConfigurationError for an unknown one."""
    if not named:
        return list(registry_of(settings))
    return [find_listener(settings, listener_id) for listener_id in dict.fromkeys(named)]


def only_listener(settings: Settings, named: str | None) -> Listener:
    """Return the one who is meant: the named one, else the only one.

    Errors: ConfigurationError when nobody is named and there are several.
    """
    if named:
        return find_listener(settings, named)
    known = registry_of(settings)
    if len(known) > 1:
        ids = ", ".join(one.listener_id for one in known)
        raise ConfigurationError("There are several listeners.", hint=f"Say whose with --listener: {ids}.")
    return known.listeners[0]


def settings_of(settings: Settings, listener: Listener) -> Settings:
    """Return the settings as a listener has them; those of the listener of LISTENER_ID keep every path and variable.

    Errors: ConfigurationError when the listener's app can't be read.
    """
    if listener.listener_id == settings.listener_id:
        zone = listener.time_zone
        return settings.model_copy(update={"listener_timezone": zone}) if zone else settings
    home = settings.home_listener_id
    folder = secrets_dir(settings, listener.listener_id)
    update: dict[str, Any] = {
        "listener_id": listener.listener_id,
        "spotify_token_path": folder / TOKEN,
        "spotify_refresh_token": None,
        "listener_trips": "",
        "listener_timezone": listener.time_zone or settings.listener_timezone,
    }
    app = read_app(folder / APP)
    if app:
        update |= {"spotify_client_id": app[0], "spotify_client_secret": app[1]}
    return settings.as_listener(update, home=home, has_own_app=app is not None)


def secrets_dir(settings: Settings, listener_id: str) -> Path:
    """Return the folder of the secrets of a listener who was added."""
    return settings.data_dir / "listeners" / listener_id


def published_path_of(settings: Settings, listener_id: str) -> Path:
    """Return the published file of a listener; with one listener it is the one of `data/published`."""
    if not settings.has_several_listeners:
        return settings.published_path
    return settings.data_dir / "published" / listener_id / settings.published_path.name


def family_path(settings: Settings) -> Path:
    """Return the file of what listeners who agreed have in common; it exists while at least two of them do."""
    return settings.data_dir / "published" / FAMILY / "music_tracker.duckdb"


def write_app(settings: Settings, listener_id: str, client_id: str, client_secret: SecretStr) -> None:
    """Keep the Spotify app of a listener (0600)."""
    content = {"client_id": client_id, "client_secret": client_secret.get_secret_value()}
    write_private(secrets_dir(settings, listener_id) / APP, orjson.dumps(content))


def read_app(path: Path) -> tuple[str, SecretStr] | None:
    """Return id and secret of a listener's own app, None without one. Errors: ConfigurationError when damaged."""
    try:
        found = orjson.loads(path.read_bytes())
        return str(found["client_id"]), SecretStr(str(found["client_secret"]))
    except FileNotFoundError:
        return None
    except _UNREADABLE as error:
        msg = f"The Spotify app of {path.parent.name} ({path.name}) can't be read."
        raise ConfigurationError(msg, hint="Delete the file, or restore it.") from error


def has_signed_in(settings: Settings) -> bool:
    """Return whether the listener of these settings ever signed in here: a token lies there, used up or not."""
    token = settings.token_path
    return bool(settings.spotify_refresh_token) or token.exists() or token.with_suffix(".refused.json").exists()
