"""The stand-in of accounts.spotify.com: consent page and token endpoint.

The consent page asks nobody: it sends the browser straight back with a code (or with access_denied).
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from sandbox.spotify.tokens import Tokens
from sandbox.web.clock import Clock
from sandbox.web.faults import Faults
from sandbox.web.http_messages import Request, Response, json_response, text_response


@dataclass(frozen=True, slots=True)
class _Code:
    redirect_uri: str
    scope: str
    challenge: str | None
    method: str | None
    expires_at: datetime


class SpotifyAccounts:
    """Answers requests of the accounts service."""

    name = "accounts"

    def __init__(self, clock: Clock, tokens: Tokens, faults: Faults) -> None:
        self._clock, self._tokens, self._faults = clock, tokens, faults
        self._codes: dict[str, _Code] = {}

    def endpoint(self, request: Request) -> str:
        """Return the name under which a request is counted."""
        return request.path if request.path in ("/authorize", "/api/token") else "unknown"

    def respond(self, request: Request) -> Response:
        """Return the answer to a request."""
        if request.path == "/authorize" and request.method == "GET":
            return self._authorize(request)
        if request.path == "/api/token" and request.method == "POST":
            return self._token(request)
        return text_response("Not found", 404)

    def _authorize(self, request: Request) -> Response:
        redirect_uri = request.value("redirect_uri") or ""
        if request.value("client_id") != self._tokens.client_id:
            return text_response("INVALID_CLIENT: Invalid client", 400)
        if not _allowed(redirect_uri):
            return text_response("INVALID_CLIENT: Insecure redirect URI", 400)
        if request.value("response_type") != "code":
            return text_response("response_type must be code", 400)
        answer = {"error": "access_denied"}
        if self._faults.flag(self.name, "access_denied") is None:
            code = self._tokens.access("code")
            self._codes[code] = _Code(
                redirect_uri,
                request.value("scope") or "",
                request.value("code_challenge"),
                request.value("code_challenge_method"),
                self._clock.now() + timedelta(minutes=10),
            )
            answer = {"code": code}
        state = request.value("state")
        if state is not None:
            answer["state"] = state
        joint = "&" if urlsplit(redirect_uri).query else "?"
        return Response(302, headers={"Location": f"{redirect_uri}{joint}{urlencode(answer)}"})

    def _token(self, request: Request) -> Response:
        form = request.form()
        if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return _refused("invalid_request", "The body has to be form-encoded", 415)
        client_id, secret = _credentials(request, form)
        if client_id != self._tokens.client_id:
            return _refused("invalid_client", "Invalid client")
        if secret not in (None, self._tokens.client_secret):
            return _refused("invalid_client", "Invalid client secret")
        if form.get("grant_type") == "authorization_code":
            return self._by_code(form, secret_given=secret is not None)
        if form.get("grant_type") == "refresh_token":
            return self._by_refresh(form)
        return _refused("unsupported_grant_type", "grant_type parameter is missing or unknown")

    def _by_code(self, form: dict[str, str], *, secret_given: bool) -> Response:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or self._clock.now() >= code.expires_at:
            return _refused("invalid_grant", "Invalid authorization code")
        if form.get("redirect_uri") != code.redirect_uri:
            return _refused("invalid_grant", "Invalid redirect URI")
        if code.challenge is not None:
            if _challenge(form.get("code_verifier", ""), code.method) != code.challenge:
                return _refused("invalid_grant", "code_verifier was incorrect")
        elif not secret_given:
            return _refused("invalid_client", "Invalid client secret")
        return self._issue(code.scope, self._tokens.grant(code.scope))

    def _by_refresh(self, form: dict[str, str]) -> Response:
        token = form.get("refresh_token", "")
        grant = self._tokens.check_refresh(token)
        if isinstance(grant, str):
            return _refused("invalid_grant", grant)
        rotates = self._faults.flag(self.name, "refresh_token_rotates") is not None
        return self._issue(grant.scope, self._tokens.rotate(token) if rotates else None)

    def _issue(self, scope: str, refresh_token: str | None) -> Response:
        body: dict[str, str | int] = {
            "access_token": self._tokens.access(scope),
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": scope,
        }
        if refresh_token is not None:
            body["refresh_token"] = refresh_token
        return json_response(body)


def _credentials(request: Request, form: dict[str, str]) -> tuple[str | None, str | None]:
    """Return (client id, secret), from the Basic header or from the form; a PKCE client has no secret."""
    kind, _, packed = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id"), form.get("client_secret")
    try:
        client_id, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except ValueError:
        return None, None
    return client_id, secret


def _allowed(redirect_uri: str) -> bool:
    parts = urlsplit(redirect_uri)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1"))


def _challenge(verifier: str, method: str | None) -> str:
    if method != "S256":
        return verifier
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _refused(error: str, description: str, status: int = 400) -> Response:
    return json_response({"error": error, "error_description": description}, status)
