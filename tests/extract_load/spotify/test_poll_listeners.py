"""Polling several listeners: whoever has trouble, the others are polled, and everything known is kept apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from extract_load.context import Context
from extract_load.core.errors import AuthorizationNeeded, QuotaExhausted
from extract_load.core.listener_registry import Listener, Registry, write_registry
from extract_load.core.listeners import find_listener, settings_of, write_app
from extract_load.monitoring.health import health
from extract_load.spotify.auth import Auth
from extract_load.spotify.client import SpotifyClient
from extract_load.spotify.poll_listeners import (
    Polled,
    context_for,
    listeners_to_poll,
    name_in_error,
    poll_each,
    poll_task,
)
from extract_load.spotify.recently_played import poll
from extract_load.spotify.token_store import Token, TokenStore
from sandbox import World
from tests.support.world_end import WORLD_END


def household(context: Context) -> None:
    """Register a second listener."""
    both = Registry((Listener("me"), Listener("anna", "Anna")), "me")
    write_registry(context.settings.listeners_path, both)


def sign_in(context: Context, refresh_token: str) -> None:
    """Give the second listener a token."""
    own = settings_of(context.settings, find_listener(context.settings, "anna"))
    TokenStore(own).save(Token(refresh_token, context.clock.now()))


def poll_all(context: Context) -> list[Polled]:
    """Poll everybody, each as the run would."""
    return poll_each(context, listeners_to_poll(context), lambda _, own: poll(own))


def test_a_lost_sign_in_stops_nobody_else(listener: Callable[..., Any]) -> None:
    """Hers is refused and remembered as hers; his polls go on, and `status` says whose it is."""
    home = listener()
    household(home.context)
    sign_in(home.context, "a token that was revoked")
    me, anna = poll_all(home.run())
    assert me.result and me.result.new == 50
    assert isinstance(anna.error, AuthorizationNeeded)
    assert str(anna.error).startswith("Anna: The sign-in at Spotify is over")
    assert "`music-tracker auth --listener anna`" in str(anna.error)
    assert home.context.state.get("spotify", "needs_reauth") is None
    assert home.context.state.get("spotify", "needs_reauth:anna")
    found = {one.key: one for one in health(home.context.settings, home.context.state, home.clock).results}
    assert found["token:anna"].text == "Anna: Spotify wants you to sign in again."
    assert found["token:anna"].hint == "Run `music-tracker auth --listener anna`."
    assert found["token:anna"].alerts and not found["token:me"].alerts
    assert found["poll:me"].level == "ok"


def test_each_has_a_watermark(listener: Callable[..., Any], small_world: World) -> None:
    """Two accounts: the plays of each are theirs, and what one has seen says nothing about the other."""
    home = listener()
    other = listener(world=World(replace(small_world.settings, listener=1, now=WORLD_END)))
    household(home.context)
    accounts = {
        name: getattr(other.context.settings, name) for name in ("spotify_api_base_url", "spotify_accounts_base_url")
    }
    sign_in(home.context, other.context.settings.spotify_refresh_token.get_secret_value())

    def poll_one(one: Listener, own: Context) -> Any:
        moved = (
            own.settings.as_listener(accounts, home="me", has_own_app=False)
            if one.listener_id == "anna"
            else own.settings
        )
        return poll(replace(own, settings=moved))

    me, anna = poll_each(home.run(), listeners_to_poll(home.context), poll_one)
    assert (me.result.outcome, anna.result.outcome) == ("first", "first")
    assert (me.result.landed, anna.result.landed) == (50, 50)
    assert home.rows("select listener_id, count(*) from raw.spotify_recently_played group by all order by 1") == [
        ("anna", 50),
        ("me", 50),
    ]
    again = poll_each(home.run(), listeners_to_poll(home.context), poll_one)
    assert [one.result.outcome for one in again] == ["unchanged", "unchanged"]


def test_a_spent_quota_of_an_own_app_blocks_that_app(listener: Callable[..., Any]) -> None:
    """The app of the settings is asked all the same."""
    home = listener()
    household(home.context)
    sign_in(home.context, home.context.settings.spotify_refresh_token.get_secret_value())
    write_app(home.context.settings, "anna", "hers", SecretStr("secret"))
    anna = context_for(home.run(), find_listener(home.context.settings, "anna"))
    now = home.clock.now()
    anna.state.block("spotify", "me:anna", now.replace(year=now.year + 1), now)
    anna.state.block("spotify", "recently_played:anna", now.replace(hour=(now.hour + 1) % 24), now)
    anna.state.block(
        "spotify", "token:anna", anna.clock.now().replace(microsecond=0) + (WORLD_END - WORLD_END.replace(hour=0)), now
    )
    me, hers = poll_all(home.run())
    assert me.result and me.result.new == 50
    assert isinstance(hers.error, QuotaExhausted)


def test_who_never_signed_in_is_left_out(listener: Callable[..., Any]) -> None:
    """They may only import exports; named, they are told; alone, they are told too."""
    home = listener()
    household(home.context)
    assert [one.listener_id for one in listeners_to_poll(home.context)] == ["me"]
    assert [one.listener_id for one in listeners_to_poll(home.context, ["anna"])] == ["anna"]
    nobody = replace(home.context, settings=home.context.settings.model_copy(update={"spotify_refresh_token": None}))
    assert [one.listener_id for one in listeners_to_poll(nobody)] == ["me", "anna"]


def test_one_account_is_one_listener(listener: Callable[..., Any]) -> None:
    """The account of the first listener is refused for the second: every play would be here twice."""
    home = listener()
    household(home.context)
    SpotifyClient(home.context).check_account()
    sign_in(home.context, home.context.settings.spotify_refresh_token.get_secret_value())
    anna = context_for(home.run(), find_listener(home.context.settings, "anna"))
    with pytest.raises(AuthorizationNeeded, match="is me's already"):
        SpotifyClient(anna).check_account()
    assert isinstance(SpotifyClient(anna).auth, Auth)


def test_one_listener_is_not_named(context: Context) -> None:
    """Neither in the task nor in an error."""
    only = Listener("me")
    error = AuthorizationNeeded("Nobody is signed in.", hint="Run `music-tracker auth`.")
    assert str(name_in_error(context, only, error)) == "Nobody is signed in. Run `music-tracker auth`."
    assert poll_task(only, is_only=True) == "poll recently played"
    assert poll_task(only, is_only=False) == "poll recently played: me"
