"""The accounts service: consent, codes, refreshing, and every refusal that a client has to distinguish."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox import Sandbox

REDIRECT = "http://127.0.0.1:8765/callback"


def token(sandbox: Sandbox, *, basic: bool = True, secret: str | None = None, **form: str) -> requests.Response:
    credentials = (sandbox.tokens.client_id, secret or sandbox.tokens.client_secret) if basic else None
    url = f"{sandbox.spotify_accounts_url}/api/token"
    return requests.post(url, data=form, auth=credentials, timeout=10)


def consent(sandbox: Sandbox, **params: str) -> dict[str, list[str]]:
    """Follow the consent page and return what the browser would bring back."""
    query: dict[str, Any] = {
        "client_id": sandbox.tokens.client_id,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": "user-read-recently-played",
        **params,
    }
    response = requests.get(f"{sandbox.spotify_accounts_url}/authorize", query, timeout=10, allow_redirects=False)
    assert response.status_code == 302
    assert response.headers["Location"].startswith(REDIRECT)
    return parse_qs(urlsplit(response.headers["Location"]).query)


def test_refreshing_gives_an_access_token_and_no_refresh_token(sandbox: Sandbox) -> None:
    """The refresh token is often absent from the answer; the old one stays good."""
    for _ in range(2):
        response = token(sandbox, grant_type="refresh_token", refresh_token=sandbox.tokens.refresh_token)
        body = response.json()
        assert response.status_code == 200
        assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
        assert "user-read-recently-played" in body["scope"].split()


def test_the_code_flow_leads_to_a_working_token(sandbox: Sandbox) -> None:
    """The state comes back, the code works once, and the new refresh token works, too."""
    back = consent(sandbox, state="abc")
    assert back["state"] == ["abc"]
    form = {"grant_type": "authorization_code", "code": back["code"][0], "redirect_uri": REDIRECT}
    body = token(sandbox, **form).json()
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    assert requests.get(f"{sandbox.spotify_api_url}/me", headers=headers, timeout=10).status_code == 200
    assert token(sandbox, grant_type="refresh_token", refresh_token=body["refresh_token"]).status_code == 200
    again = token(sandbox, **form)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_pkce_needs_the_verifier_and_no_secret(sandbox: Sandbox) -> None:
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()

    def exchange(given: str) -> requests.Response:
        code = consent(sandbox, code_challenge=challenge, code_challenge_method="S256")["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": given}
        return token(sandbox, basic=False, client_id=sandbox.tokens.client_id, **form)

    assert exchange("wrong").json()["error"] == "invalid_grant"
    assert exchange(verifier).status_code == 200
    refresh = exchange(verifier).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": sandbox.tokens.client_id}
    assert token(sandbox, basic=False, **form).status_code == 200


def test_a_code_without_challenge_needs_the_secret(sandbox: Sandbox) -> None:
    form = {"grant_type": "authorization_code", "code": consent(sandbox)["code"][0], "redirect_uri": REDIRECT}
    response = token(sandbox, basic=False, client_id=sandbox.tokens.client_id, **form)
    assert response.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    "address", ["http://localhost:8765/callback", "http://192.168.1.5/callback", "ftp://127.0.0.1"]
)
def test_redirects_go_to_https_or_a_loopback_address_only(sandbox: Sandbox, address: str) -> None:
    query = {"client_id": sandbox.tokens.client_id, "response_type": "code", "redirect_uri": address}
    response = requests.get(f"{sandbox.spotify_accounts_url}/authorize", query, timeout=10, allow_redirects=False)
    assert response.status_code == 400


def test_a_code_is_dead_after_ten_minutes_and_at_another_address(sandbox: Sandbox) -> None:
    code = consent(sandbox)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT + "/other"}
    assert token(sandbox, **form).json()["error_description"] == "Invalid redirect URI"
    code = consent(sandbox)["code"][0]
    sandbox.clock.advance(minutes=11)
    late = token(sandbox, grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
    assert late.json()["error"] == "invalid_grant"


def test_a_refresh_token_ends_six_months_after_the_consent(sandbox: Sandbox) -> None:
    """Refreshing does not prolong it; the token of the fixture was authorized 30 days before now."""
    form = {"grant_type": "refresh_token", "refresh_token": sandbox.tokens.refresh_token}
    sandbox.clock.advance(days=152)
    assert token(sandbox, **form).status_code == 200
    sandbox.clock.advance(days=2)
    response = token(sandbox, **form)
    assert response.status_code == 400
    assert response.json() == {"error": "invalid_grant", "error_description": "Refresh token expired"}


def test_wrong_credentials_are_told_apart(sandbox: Sandbox) -> None:
    """OAuth errors are strings, unlike those of the Web API."""
    form = {"grant_type": "refresh_token", "refresh_token": sandbox.tokens.refresh_token}
    wrong_secret = token(sandbox, secret="wrong", **form)
    assert (wrong_secret.status_code, wrong_secret.json()["error"]) == (400, "invalid_client")
    wrong_client = token(sandbox, basic=False, client_id="somebody", **form)
    assert wrong_client.json()["error"] == "invalid_client"
    unknown = token(sandbox, grant_type="refresh_token", refresh_token="AQnothing")
    assert unknown.json()["error"] == "invalid_grant"
    assert token(sandbox, grant_type="password").json()["error"] == "unsupported_grant_type"


def test_faults_of_the_consent_and_of_refreshing(sandbox: Sandbox) -> None:
    """The user says no; a token is revoked or has expired; a token rotates and the old one is dead."""
    sandbox.faults.add("accounts", "access_denied")
    assert consent(sandbox)["error"] == ["access_denied"]
    sandbox.faults.clear()
    form = {"grant_type": "refresh_token", "refresh_token": sandbox.tokens.grant("user-read-recently-played")}
    for kind, words in (("refresh_token_expired", "expired"), ("refresh_token_revoked", "revoked")):
        sandbox.faults.add("accounts", kind, times=1)
        assert token(sandbox, **form).json() == {
            "error": "invalid_grant",
            "error_description": f"Refresh token {words}",
        }
    sandbox.faults.add("accounts", "invalid_client", times=1)
    assert token(sandbox, **form).json()["error"] == "invalid_client"
    sandbox.faults.add("accounts", "refresh_token_rotates", times=1)
    rotated = token(sandbox, **form).json()["refresh_token"]
    assert token(sandbox, **form).json()["error"] == "invalid_grant"
    assert token(sandbox, **{**form, "refresh_token": rotated}).status_code == 200
