"""The store of Spotify's tokens: one file that only its owner can read (0600), filled from the environment if set.

A token in SPOTIFY_REFRESH_TOKEN is copied into the file the first time it is seen, so that a rotated one is not lost;
a later sign-in wins over it until the variable changes. Tokens are never logged; the state holds only their hash.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from extract_load.core.errors import ConfigurationError
from extract_load.core.listener_registry import write_private
from extract_load.core.settings import Settings
from extract_load.storage.state import from_iso

LIFETIME = timedelta(days=180)
WARN_AFTER = timedelta(days=150)


@dataclass(frozen=True, slots=True)
class Token:
    """A sign-in: times are UTC; `authorized_at` starts the six months; `env_hash` names the variable's token."""

    refresh_token: str
    authorized_at: datetime
    scope: str = ""
    access_token: str = ""
    expires_at: datetime | None = None
    env_hash: str = ""

    def __repr__(self) -> str:
        """Return a text that identifies the token without containing it."""
        return f"Token({token_hash(self.refresh_token)}, authorized_at={self.authorized_at})"

    def days_left(self, now: datetime) -> int:
        """Return the whole days until Spotify ends this sign-in; negative when it has."""
        return (self.authorized_at + LIFETIME - now).days


class TokenStore:
    """The token file of one settings object."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.token_path
        secret = settings.spotify_refresh_token
        self._env_token = secret.get_secret_value() if secret else ""

    def load(self, now: datetime) -> Token | None:
        """Return the current sign-in, None without one; a new token in the variable is stored first.

        The caller holds the renewal lock (see Auth). Errors: ConfigurationError when the file can't be read.
        """
        stored = self.read()
        if not self.is_variable_new(stored):
            return stored
        token = Token(self._env_token, authorized_at=now, env_hash=token_hash(self._env_token))
        self.save(token)
        return token

    def is_variable_new(self, stored: Token | None) -> bool:
        """Return whether the variable holds a token that was never stored in the file."""
        return bool(self._env_token) and (stored is None or stored.env_hash != token_hash(self._env_token))

    def save(self, token: Token) -> None:
        """Write the file, readable by its owner alone, complete or not at all."""
        if not token.env_hash and self._env_token:
            token = replace(token, env_hash=token_hash(self._env_token))
        self.write_bytes(orjson.dumps(asdict(token)))

    def write_bytes(self, content: bytes | None) -> None:
        """Replace the content of the file atomically; None removes the file."""
        if content is None:
            self.path.unlink(missing_ok=True)
            return
        write_private(self.path, content)

    def set_aside(self) -> Path | None:
        """Rename the file of a token that Spotify refused, and return its new path; it sometimes works again later."""
        if not self.path.exists():
            return None
        aside = self.path.with_suffix(".refused.json")
        self.path.replace(aside)
        return aside

    def read(self) -> Token | None:
        """Return the sign-in in the file, None without one. Errors: ConfigurationError when it can't be read."""
        try:
            found = orjson.loads(self.path.read_bytes())
            return Token(
                refresh_token=str(found["refresh_token"]),
                authorized_at=from_iso(found["authorized_at"]),
                scope=str(found.get("scope") or ""),
                access_token=str(found.get("access_token") or ""),
                expires_at=from_iso(found["expires_at"]) if found.get("expires_at") else None,
                env_hash=str(found.get("env_hash") or ""),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            raise ConfigurationError(
                f"The token file {self.path.name} can't be read.", hint="Run `music-tracker auth` to make a new one."
            ) from None


def token_hash(token: str) -> str:
    """Return a short hash that identifies a token without revealing it."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]
