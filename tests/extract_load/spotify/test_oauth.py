"""PKCE beside the app's secret: the address holds the hash, the exchange the verifier."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from extract_load.core.settings import Settings
from extract_load.http import RequestPolicy, ThrottledSession
from extract_load.spotify.oauth import SCOPE, challenge_of, open_oauth
from extract_load.storage.state import State


def test_the_challenge_is_that_of_the_standard() -> None:
    """The example of RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_address_holds_the_challenge_and_never_the_verifier(settings: Settings, state: State) -> None:
    """Without a verifier, as when a token is renewed, nothing is added."""
    app = settings.model_copy(update={"spotify_client_id": "app", "spotify_client_secret": SecretStr("secret")})
    transport = ThrottledSession(RequestPolicy("spotify"), state, run_id="r", user_agent="test/1")
    verifier = "v" * 64
    address = open_oauth(app, transport, verifier).get_authorize_url("s t")
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge"] == [challenge_of(verifier)]
    assert (asked["state"], asked["scope"], asked["client_id"]) == (["s t"], [SCOPE], ["app"])
    assert verifier not in address
    assert "challenge" not in open_oauth(app, transport).get_authorize_url("s")
