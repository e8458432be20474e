"""Who may call the Web API: access and refresh tokens, issued by the accounts service and checked by the API."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.web.clock import Clock

ACCESS_LIFETIME = timedelta(seconds=3600)
REFRESH_LIFETIME = timedelta(days=183)
DEFAULT_SCOPE = "user-read-recently-played user-read-private"


@dataclass(slots=True)
class Grant:
    """What a user allowed, when; a refresh token stands for it."""

    scope: str
    authorized_at: datetime
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """One access token's end and scope."""

    expires_at: datetime
    scope: str


class Tokens:
    """All tokens of one app and one user. Names are drawn from the seed, in order of issue."""

    def __init__(self, seed: int, clock: Clock, *, scope: str = DEFAULT_SCOPE, authorized_days_ago: float = 30) -> None:
        self._seed, self._clock, self._lock = seed, clock, threading.Lock()
        self._issued = 0
        self._access: dict[str, Access] = {}
        self._grants: dict[str, Grant] = {}
        self.client_id = hashlib.md5(f"{seed}/client".encode(), usedforsecurity=False).hexdigest()
        self.client_secret = hashlib.md5(f"{seed}/secret".encode(), usedforsecurity=False).hexdigest()
        self.refresh_token = self.grant(scope, clock.now() - timedelta(days=authorized_days_ago))

    def grant(self, scope: str, authorized_at: datetime | None = None) -> str:
        """Note a user's consent and return the refresh token for it."""
        token = self._name("AQ", 131)
        self._grants[token] = Grant(scope, authorized_at or self._clock.now())
        return token

    def access(self, scope: str) -> str:
        """Issue an access token."""
        token = self._name("BQ", 180)
        self._access[token] = Access(self._clock.now() + ACCESS_LIFETIME, scope)
        return token

    def check_access(self, token: str) -> Access | str:
        """Return what the token allows, or the message of the refusal."""
        found = self._access.get(token)
        if found is None:
            return "Invalid access token"
        return found if self._clock.now() < found.expires_at else "The access token expired"

    def check_refresh(self, token: str) -> Grant | str:
        """Return the consent behind a refresh token, or the description of the refusal."""
        found = self._grants.get(token)
        if found is None:
            return "Invalid refresh token"
        if found.revoked:
            return "Refresh token revoked"
        if self._clock.now() >= found.authorized_at + REFRESH_LIFETIME:
            return "Refresh token expired"
        return found

    def rotate(self, token: str) -> str:
        """Replace a refresh token by a new one for the same consent."""
        grant = self._grants.pop(token)
        return self.grant(grant.scope, grant.authorized_at)

    def revoke_all(self) -> None:
        """Let the user take every consent back."""
        for grant in self._grants.values():
            grant.revoked = True

    def expire_access(self) -> None:
        """Let every access token be over now."""
        self._access = {token: Access(self._clock.now(), held.scope) for token, held in self._access.items()}

    def _name(self, start: str, length: int) -> str:
        with self._lock:
            self._issued += 1
            text = "".join(
                hashlib.blake2b(f"{self._seed}/{self._issued}/{part}".encode()).hexdigest() for part in range(2)
            )
        return (start + text)[:length]
