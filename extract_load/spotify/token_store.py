"""Where Spotify's tokens are kept: the environment, or one file that only its owner can read (0600).

A token in SPOTIFY_REFRESH_TOKEN is taken over into the file the first time it is seen, so that a rotated one is not
lost; a later sign-in wins over it until the variable changes. Tokens are never logged; what the state keeps is a hash.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from extract_load.core.errors import ConfigurationError
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
        """Return who it is without saying it."""
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
        """Return the sign-in in force, None without one; takes a new variable over, so have the turn (see Auth).

        Errors: ConfigurationError when the file can't be read.
        """
        kept = self.read()
        if not self.is_variable_new(kept):
            return kept
        token = Token(self._env_token, authorized_at=now, env_hash=token_hash(self._env_token))
        self.save(token)
        return token

    def is_variable_new(self, kept: Token | None) -> bool:
        """Return whether the variable holds a token that the file never took over."""
        return bool(self._env_token) and (kept is None or kept.env_hash != token_hash(self._env_token))

    def save(self, token: Token) -> None:
        """Write the file, readable by its owner alone, complete or not at all."""
        if not token.env_hash and self._env_token:
            token = replace(token, env_hash=token_hash(self._env_token))
        self.put_back(orjson.dumps(asdict(token)))

    def put_back(self, content: bytes | None) -> None:
        """Write the file with this content, None removes it."""
        if content is None:
            self.path.unlink(missing_ok=True)
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # a name of its own: two processes that shared one would take each other's file away
        partial = self.path.with_name(f"{self.path.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")
        try:
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            partial.replace(self.path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def set_aside(self) -> Path | None:
        """Put a token that Spotify refused aside, not away: now and then it is right again."""
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
    """Return a short name for a token that tells nothing about it."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]
