"""Signing in and staying signed in: refreshed with nobody around, over when it is over, never told to anybody."""

from __future__ import annotations

import logging
import stat
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import requests

from extract_load.core.errors import AuthorizationNeeded, ConfigurationError, ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.spotify import login as login_room
from extract_load.spotify.login import login
from extract_load.spotify.token_store import TokenStore
from sandbox import World
from tests.support.sign_in import consent, fresh, sign_in
from tests.support.world_end import WORLD_END

Make = Callable[..., Any]

TOKEN = "/api/token"


def test_a_refresh_token_alone_is_enough(listener: Make, settings: Settings) -> None:
    """The variable is taken over into a file for its owner's eyes only, with the day from which it counts."""
    spot = listener()
    result = spot.poll()
    assert result.new == 50
    assert result.token_days_left in {179, 180}
    path = settings.token_path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    spot.pass_time(days=31)
    assert spot.poll().token_days_left in {148, 149}


def test_an_access_token_is_used_until_it_ends(listener: Make) -> None:
    """One refresh an hour, not one a poll."""
    spot = listener()
    for _ in range(3):
        spot.poll()
        spot.pass_time(minutes=15)
    assert spot.sandbox.counts.total("accounts", TOKEN) == 1
    spot.pass_time(minutes=30)
    spot.poll()
    assert spot.sandbox.counts.total("accounts", TOKEN) == 2


def test_a_refused_access_token_is_renewed_once(listener: Make) -> None:
    """As when clocks differ, or Spotify ends tokens early: one renewal, and the poll goes on."""
    spot = listener()
    spot.poll()
    spot.sandbox.tokens.expire_access()
    assert spot.poll().known == 50
    spot.fault("access_token_expired")
    with pytest.raises(AuthorizationNeeded):
        spot.poll()
    assert spot.sandbox.counts.total("accounts", TOKEN) <= 4


def test_a_skewed_clock_changes_nothing(listener: Make) -> None:
    """What the server says of the time of day is not believed."""
    spot = listener()
    spot.fault("clock_skew", seconds=7200)
    spot.fault("clock_skew", service="accounts", seconds=-7200)
    assert spot.poll().new == 50


def test_a_rotated_refresh_token_is_kept(listener: Make) -> None:
    """The old one is dead at once; the new one is in the file before it is used."""
    spot = listener()
    spot.fault("refresh_token_rotates", service="accounts")
    for _ in range(3):
        spot.poll()
        spot.pass_time(hours=2)
    assert spot.polls()[-1]["outcome"] in {"unchanged", "overlap"}


@pytest.mark.parametrize("kind", ["refresh_token_revoked", "refresh_token_expired"])
@pytest.mark.parametrize("how", ["variable", "file"])
def test_an_ended_sign_in_is_never_tried_again(kind: str, how: str, listener: Make, settings: Settings) -> None:
    """One request finds out; from then on none is sent, what to do is told, and the token is set aside, not away."""
    spot = listener() if how == "variable" else fresh(listener)
    if how == "file":
        sign_in(spot)
    spot.poll()
    spot.pass_time(hours=2)
    spot.fault(kind, service="accounts")
    asked = spot.sandbox.counts.total("accounts")
    for _ in range(3):
        with pytest.raises(AuthorizationNeeded, match="music-tracker auth"):
            spot.poll()
        spot.pass_time(minutes=30)
    assert spot.sandbox.counts.total("accounts") == asked + 1
    assert spot.context.state.get("spotify", "needs_reauth")["reason"].startswith("Refresh token")
    assert [one["outcome"] for one in spot.polls()][-3:] == ["failed"] * 3
    kept = [path for path in settings.data_dir.iterdir() if path.name.startswith("spotify_token")]
    assert kept, "the token is still there"
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept)


def test_a_new_sign_in_ends_the_waiting(listener: Make) -> None:
    """After `auth` the polls go on."""
    spot = fresh(listener)
    sign_in(spot)
    spot.pass_time(hours=2)
    spot.fault("refresh_token_revoked", service="accounts", times=1)
    with pytest.raises(AuthorizationNeeded):
        spot.poll()
    assert sign_in(spot).startswith("Signed in until ")
    assert spot.context.state.get("spotify", "needs_reauth") is None
    assert spot.poll().new == 50


def test_six_months_end_the_sign_in(listener: Make) -> None:
    """Spotify ends it 180 days after the consent, however often it was refreshed; until then the days count down."""
    spot = fresh(listener, world=World(artists=20, plays=500, years=1, days_ahead=200, now=WORLD_END))
    sign_in(spot)
    assert spot.poll().token_days_left in {179, 180}
    spot.pass_time(days=178)
    assert spot.poll().token_days_left in {1, 2}
    spot.pass_time(days=8)
    with pytest.raises(AuthorizationNeeded, match="over"):
        spot.poll()


def test_a_wrong_secret_is_a_matter_of_settings(listener: Make) -> None:
    """It is no ended sign-in: the token stays in force, and the variables are named."""
    spot = listener(settings_of_home={"spotify_client_secret": "wrong"})
    with pytest.raises(ConfigurationError, match="SPOTIFY_CLIENT_SECRET"):
        spot.poll()
    assert spot.context.state.get("spotify", "needs_reauth") is None


@pytest.mark.parametrize("missing", ["spotify_client_id", "spotify_refresh_token"])
def test_without_credentials_nothing_is_asked(missing: str, listener: Make) -> None:
    """Not a person either: a run with nobody around says what is missing, and ends."""
    spot = listener(settings_of_home={missing: None})
    with pytest.raises((ConfigurationError, AuthorizationNeeded)) as caught:
        spot.poll()
    assert ("SPOTIFY_CLIENT_ID" if missing == "spotify_client_id" else "music-tracker auth") in str(caught.value)
    assert spot.sandbox.counts.total("accounts") == 0


@pytest.mark.parametrize("kind", ["server_error", "no_connection", "html", "truncated_json"])
def test_trouble_at_the_accounts_service_is_an_outage(kind: str, listener: Make) -> None:
    """Not an ended sign-in: the next poll tries again, and works."""
    spot = listener(settings_of_home={"default_timeout": 0.4})
    spot.fault(kind, service="accounts")
    with pytest.raises(ServiceUnavailable):
        spot.poll()
    assert spot.context.state.get("spotify", "needs_reauth") is None
    spot.fine_weather()
    assert spot.poll().new == 50


def test_the_accounts_service_being_down_is_an_outage(listener: Make) -> None:
    """As long as the access token is good, it is not even noticed."""
    spot = listener()
    spot.poll()
    spot.sandbox.take_down("accounts")
    assert spot.poll().known == 50
    spot.pass_time(hours=2)
    with pytest.raises(ServiceUnavailable, match="could not be reached"):
        spot.poll()
    spot.sandbox.bring_up("accounts")
    assert spot.poll().outcome in {"unchanged", "overlap"}


REFUSALS = [
    ("premium_lapsed", AuthorizationNeeded, "Premium"),
    ("user_not_registered", AuthorizationNeeded, "list of users"),
    ("insufficient_scope", AuthorizationNeeded, "does not allow"),
    ("endpoint_forbidden", ServiceUnavailable, "does not offer"),
]


@pytest.mark.parametrize(("kind", "error", "words"), REFUSALS, ids=[one[0] for one in REFUSALS])
def test_refusals_are_told_apart(kind: str, error: type[Exception], words: str, listener: Make) -> None:
    """Each of the four 403s has its own sentence, is asked once, and does not end the sign-in."""
    spot = listener()
    spot.poll(1)
    spot.fault(kind, match="/v1/me/player/recently-played")
    asked = spot.sent()
    with pytest.raises(error, match=words):
        spot.poll()
    assert spot.sent() == asked + 1
    assert spot.context.state.get("spotify", "needs_reauth") is None
    spot.fine_weather()
    assert spot.poll().new == 49


def test_login_by_pasting(listener: Make, settings: Settings) -> None:
    """Without a browser: the address is printed, the one that comes back is pasted."""
    spot = fresh(listener)
    assert sign_in(spot) == "Signed in until 2027-04-30. Try it: music-tracker ingest"
    token = TokenStore(settings).load(spot.context.clock.now())
    assert token is not None
    assert token.scope == "user-read-recently-played"
    assert spot.context.clock.now() - token.authorized_at < timedelta(minutes=1)
    assert stat.S_IMODE(settings.token_path.stat().st_mode) == 0o600
    assert spot.poll().new == 50


def test_login_by_a_browser_on_this_machine(listener: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser is led to our loopback page, which takes the code and says so."""
    spot = fresh(listener)
    pages: list[str] = []

    def browser(address: str) -> bool:
        visit = threading.Thread(target=lambda: pages.append(requests.get(address, timeout=10).text))
        visit.start()
        return True

    monkeypatch.setattr(login_room.webbrowser, "open", browser)
    told = login(spot.run(), say=lambda _line: None, ask=lambda _prompt: pytest.fail("asked"), interactive=False)
    assert told.startswith("Signed in until ")
    assert spot.poll().new == 50


def changed(address: str, **values: str) -> str:
    """Return the answer of the consent page with other values in it."""
    place = urlsplit(consent(address))
    query = {name: found[0] for name, found in parse_qs(place.query).items()} | values
    return place._replace(query="&".join(f"{name}={value}" for name, value in query.items())).geturl()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda address: changed(address, state="another"), "belongs to a different sign-in attempt"),
        (lambda address: changed(address, code="made-up"), "did not accept the code"),
        (lambda _address: "http://127.0.0.1:1/callback", "belongs to a different sign-in attempt"),
        (lambda _address: "what?", "belongs to a different sign-in attempt"),
        (lambda _address: "", "No answer came"),
    ],
)
def test_a_wrong_answer_signs_nobody_in(
    answer: Callable[[str], str], words: str, listener: Make, settings: Settings
) -> None:
    """Another state, a code that was never given, no address at all."""
    spot = fresh(listener)
    with pytest.raises(AuthorizationNeeded, match=words):
        sign_in(spot, answer=answer)
    assert not settings.token_path.exists()


def test_a_no_on_the_consent_page_is_told(listener: Make) -> None:
    """The listener may change their mind."""
    spot = fresh(listener)
    spot.fault("access_denied", service="accounts")
    with pytest.raises(AuthorizationNeeded, match="access_denied"):
        sign_in(spot)


def test_granted_scopes_are_checked(listener: Make, settings: Settings) -> None:
    """spotipy would say that what was asked for was granted; Spotify's own answer counts."""
    spot = fresh(listener)
    with pytest.raises(AuthorizationNeeded, match="does not allow"):
        sign_in(spot, answer=lambda address: consent(address.replace("user-read-recently-played", "user-top-read")))
    assert not settings.token_path.exists()


def test_somebody_elses_sign_in_is_refused_and_the_own_one_stays(listener: Make, settings: Settings) -> None:
    """Unless it is confirmed; what is kept of the accounts are hashes."""
    own = fresh(listener)
    sign_in(own)
    assert own.poll().new == 50
    before = settings.token_path.read_bytes()
    other = fresh(listener, world=World(seed=8, artists=20, plays=500, years=1, listener=1, now=WORLD_END))
    with pytest.raises(AuthorizationNeeded, match="another Spotify account"):
        sign_in(other)
    assert settings.token_path.read_bytes() == before
    assert sign_in(other, confirm=True).startswith("Signed in")
    assert len(other.context.state.get("listener", "account:me")) == 4
    assert own.sandbox.spotify.account_id not in str(other.context.state.facts("listener"))


def test_a_polls_own_token_of_somebody_else_is_refused(listener: Make) -> None:
    """A token that was put into the environment is checked, too; nothing of that account is spooled."""
    own = listener()
    own.poll()
    other = listener(world=World(seed=8, artists=20, plays=500, years=1, listener=1, now=WORLD_END))
    with pytest.raises(AuthorizationNeeded, match="another Spotify account"):
        other.poll()
    assert other.rows("select count(*) from raw.spotify_recently_played") == [(50,)]


def test_no_token_is_ever_logged(listener: Make, caplog: pytest.LogCaptureFixture, settings: Settings) -> None:
    """Not at DEBUG, not by spotipy or urllib3, not when things go wrong, not in the state and not in the warehouse."""
    caplog.set_level(logging.DEBUG)
    for name in ("spotipy", "spotipy.client", "spotipy.oauth2", "urllib3", "requests"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    spot = fresh(listener)
    sign_in(spot)
    spot.poll()
    for kind, service in (("server_error", "spotify"), ("refresh_token_revoked", "accounts")):
        spot.pass_time(hours=2)
        spot.fault(kind, service=service)
        with pytest.raises((ServiceUnavailable, AuthorizationNeeded)) as caught:
            spot.poll()
        spot.fine_weather()
        assert "Bearer" not in str(caught.value)
    kept = next(path for path in settings.data_dir.iterdir() if path.name.startswith("spotify_token"))
    token = orjson.loads(kept.read_bytes())
    secrets = [
        token["refresh_token"],
        token["access_token"],
        spot.context.settings.spotify_client_secret.get_secret_value(),
    ]
    everything = caplog.text + str(spot.context.state.rows("select * from service_state"))
    everything += str(spot.context.state.rows("select * from requests")) + str(spot.polls())
    for secret in secrets:
        assert secret
        assert secret not in everything
