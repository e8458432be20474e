"""spotipy's OAuth on our transport, with our addresses, without a cache file, and with PKCE beside the app's secret.

With PKCE (RFC 7636) a code that leaks on its way is worth nothing: who exchanges it must know the verifier, of which
the address of the sign-in holds only the hash. Source: docs/contracts/spotify.md, section 3.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
import spotipy
from spotipy.cache_handler import MemoryCacheHandler

from extract_load.core.redaction import quiet_libraries
from extract_load.core.settings import Settings
from extract_load.http import ThrottledSession

SCOPE = "user-read-recently-played"


def open_oauth(settings: Settings, transport: ThrottledSession, verifier: str = "") -> spotipy.SpotifyOAuth:
    """Return the OAuth of the app; a `verifier` (43 to 128 characters) makes it use PKCE."""
    quiet_libraries()
    secret = settings.spotify_client_secret
    oauth = _OAuth(
        client_id=settings.spotify_client_id,
        client_secret=secret.get_secret_value() if secret else "",
        redirect_uri=settings.spotify_redirect_uri,
        scope=SCOPE,
        cache_handler=MemoryCacheHandler(),
        open_browser=False,
        requests_session=transport,
    )
    oauth.OAUTH_TOKEN_URL = f"{settings.spotify_accounts_base_url}/api/token"
    oauth.OAUTH_AUTHORIZE_URL = f"{settings.spotify_accounts_base_url}/authorize"
    if verifier:
        oauth.verifier = verifier
        oauth._session = _VerifyingSession(transport, verifier)
    return oauth


class _OAuth(spotipy.SpotifyOAuth):  # type: ignore[misc]  # spotipy has no types
    """Adds PKCE to the address, and keeps the granted scopes, which spotipy would replace by the requested ones."""

    verifier = ""

    def get_authorize_url(self, state: str | None = None) -> str:
        """Return the address at which a person allows the app."""
        address = str(super().get_authorize_url(state))
        if not self.verifier:
            return address
        challenge = {"code_challenge_method": "S256", "code_challenge": challenge_of(self.verifier)}
        return f"{address}&{urlencode(challenge)}"

    def _add_custom_values_to_token_info(self, token_info: dict[str, Any]) -> dict[str, Any]:
        granted = token_info.get("scope")
        return {**super()._add_custom_values_to_token_info(token_info), "granted_scope": granted}


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


@dataclass(frozen=True, slots=True)
class _VerifyingSession:
    """Posts the exchange of a code with the verifier in it; spotipy leaves it out when the app has a secret."""

    transport: ThrottledSession
    verifier: str

    def post(self, url: str, data: dict[str, Any], **options: Any) -> requests.Response:
        """Post a form, the verifier added."""
        return self.transport.post(url, data={**data, "code_verifier": self.verifier}, **options)
