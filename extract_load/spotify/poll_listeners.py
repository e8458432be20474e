"""Poll several listeners, one after the other: the trouble of one is theirs, and the others are polled all the same.

A listener who was added and never signed in is left out unless named: they may only import exports.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from extract_load.context import Context
from extract_load.core.errors import MusicTrackerError
from extract_load.core.listener_registry import Listener
from extract_load.core.listeners import chosen_listeners, has_signed_in, registry_of, settings_of
from extract_load.spotify.recently_played import PollResult

SIGN_IN = "`music-tracker auth`"
Poll = Callable[[Context], PollResult]


@dataclass(frozen=True, slots=True)
class Polled:
    """What the poll of one listener came to: a result, or the error that stopped it."""

    listener: Listener
    result: PollResult | None = None
    error: Exception | None = None


def context_for(context: Context, listener: Listener) -> Context:
    """Return the context in which one listener is polled or signed in. Errors: ConfigurationError (their app)."""
    return replace(context, settings=settings_of(context.settings, listener))


def listeners_to_poll(context: Context, named: Sequence[str] = ()) -> list[Listener]:
    """Return the named listeners, else those who have signed in, else all. Errors: ConfigurationError."""
    listeners = chosen_listeners(context.settings, named)
    if named or len(listeners) == 1:
        return listeners
    return [one for one in listeners if has_signed_in(settings_of(context.settings, one))] or listeners


def poll_task(listener: Listener, *, is_only: bool) -> str:
    """Return the name of the task that polls a listener: of one alone it names nobody."""
    return "poll recently played" if is_only else f"poll recently played: {listener.listener_id}"


def poll_each(
    context: Context, listeners: Sequence[Listener], poll_one: Callable[[Listener, Context], PollResult]
) -> list[Polled]:
    """Poll each listener by `poll_one(listener, their context)`, whatever became of the others."""
    done = []
    for listener in listeners:
        try:
            done.append(Polled(listener, poll_as(context, listener, poll_one)))
        except Exception as error:
            done.append(Polled(listener, error=error))
    return done


def poll_as(context: Context, listener: Listener, poll_one: Callable[[Listener, Context], PollResult]) -> PollResult:
    """Poll one listener by `poll_one(listener, their context)`. Errors: its own, saying whose poll they stopped."""
    try:
        return poll_one(listener, context_for(context, listener))
    except MusicTrackerError as error:
        raise name_in_error(context, listener, error) from error.__cause__


def name_in_error(context: Context, listener: Listener, error: MusicTrackerError) -> MusicTrackerError:
    """Return an error that says whose poll it stopped, when there are several listeners."""
    if len(registry_of(context.settings)) > 1:
        error.message = f"{listener.shown}: {error.message}"
        error.hint = error.hint.replace(SIGN_IN, f"`music-tracker auth --listener {listener.listener_id}`")
        error.args = (f"{error.message} {error.hint}".strip(),)
    return error
