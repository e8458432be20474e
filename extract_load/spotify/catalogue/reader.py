"""Read the catalogue in the way that the app is allowed to: batches where they work, one by one where they don't.

What Spotify refuses is remembered as `capability:batch:<kind>` or `capability:single:<kind>` in the state, and tried
again after a month.
Source: docs/contracts/spotify.md, sections 2.1 and 2.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Literal

import spotipy

from extract_load.context import Context
from extract_load.core.errors import QuotaExhausted, ServiceUnavailable
from extract_load.http import Meter
from extract_load.spotify.catalogue.pending import Kind
from extract_load.spotify.client import Refused, SpotifyClient
from extract_load.spotify.request_policy import SERVICE, EndpointNotAvailable
from extract_load.storage.state import from_iso, to_iso

BATCH: dict[Kind, int] = {"track": 50, "album": 20, "artist": 50}
TRY_AGAIN = timedelta(days=30)
_BAD_ID = re.compile(r"\binvalid\b.*\bids?\b", re.IGNORECASE)

Way = Literal["batch", "single"]
Found = tuple[str, dict[str, Any] | ServiceUnavailable | None]


class CatalogueReader:
    """Reads tracks, albums and artists by id."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._client = SpotifyClient(context)

    @property
    def sent(self) -> int:
        """Requests sent."""
        return self._client.sent

    @property
    def waited(self) -> float:
        """Seconds waited."""
        return self._client.waited

    def metered(self) -> AbstractContextManager[Meter]:
        """Count what one thread sends in a block."""
        return self._client.metered()

    def read(self, kind: Kind, ids: Sequence[str]) -> Iterator[Found]:
        """Yield (id, object) as answers come, None for what Spotify does not have, the error where it failed.

        Errors: EndpointNotAvailable, QuotaExhausted, ServiceUnavailable (no sign-in), AuthorizationNeeded.
        """
        self._client.auth.access_token()
        several = len(ids) > 1
        for start in range(0, len(ids), BATCH[kind]):
            part = ids[start : start + BATCH[kind]]
            answers = self._read_batch(kind, part) if several and self._may("batch", kind) else None
            if answers is None:
                yield from ((one, self._read_one(kind, one)) for one in part)
            else:
                yield from answers

    def _read_one(self, kind: Kind, one: str) -> dict[str, Any] | ServiceUnavailable | None:
        if not self._may("single", kind):
            raise _not_offered(kind)
        try:
            found = self._client.get(lambda api: _single(api, kind, one))
        except EndpointNotAvailable:
            self._remember("single", kind, works=False)
            raise _not_offered(kind) from None
        except ServiceUnavailable as error:
            return None if isinstance(error, Refused) and _is_missing(error) else error
        self._remember("single", kind, works=True)
        return found

    def _read_batch(self, kind: Kind, ids: Sequence[str]) -> list[Found] | None:
        """Return the answers of a batch, None where the ids are to be read one by one."""
        try:
            found = self._client.get(lambda api: _many(api, kind, ids)).get(f"{kind}s")
        except EndpointNotAvailable:
            self._remember("batch", kind, works=False)
            return None
        except ServiceUnavailable as error:  # one bad id spoils a batch, one by one it is found
            if isinstance(error, Refused) and error.status == HTTPStatus.NOT_FOUND:
                self._remember("batch", kind, works=False)
            return None
        except QuotaExhausted as error:
            if not self._may_do_without(kind, error):
                raise
            return None
        if not isinstance(found, list):
            return None
        self._remember("batch", kind, works=True)
        return [(one, item or None) for one, item in zip(ids, found, strict=False)]

    def _may_do_without(self, kind: Kind, error: QuotaExhausted) -> bool:
        """Return whether single reads help: some apps are answered 429 to every batch, for ever.

        An app whose batches have worked waits: one by one it would spend its day on a fiftieth.
        """
        fact = self._context.state.get(SERVICE, f"capability:batch:{kind}")
        return error.bucket.endswith(":batch") and not (fact and fact["works"])

    def _may(self, way: Way, kind: Kind) -> bool:
        fact = self._context.state.get(SERVICE, f"capability:{way}:{kind}")
        if not fact:
            return True
        return bool(fact["works"]) or from_iso(fact["checked_at"]) + TRY_AGAIN < self._context.clock.now()

    def _remember(self, way: Way, kind: Kind, *, works: bool) -> None:
        now = self._context.clock.now()
        known = self._context.state.get(SERVICE, f"capability:{way}:{kind}")
        if not known or known["works"] != works or not works:
            fact = {"works": works, "checked_at": to_iso(now)}
            self._context.state.put(SERVICE, f"capability:{way}:{kind}", fact, now)


def _not_offered(kind: Kind) -> EndpointNotAvailable:
    msg = f"Spotify does not offer the app to read {kind}s (/v1/{kind}s/{{id}}); the rest goes on."
    return EndpointNotAvailable(msg, hint="It is tried again once a month.", service=SERVICE)


def _is_missing(error: Refused) -> bool:
    """Return whether Spotify spoke of the object: it has none of this id, or it cannot be an id."""
    if error.status == HTTPStatus.NOT_FOUND:
        return "service not found" not in error.text.lower()
    return error.status == HTTPStatus.BAD_REQUEST and bool(_BAD_ID.search(error.text))


def _single(api: spotipy.Spotify, kind: Kind, one: str) -> Any:
    return {"track": api.track, "album": api.album, "artist": api.artist}[kind](one)


def _many(api: spotipy.Spotify, kind: Kind, ids: Sequence[str]) -> Any:
    return {"track": api.tracks, "album": api.albums, "artist": api.artists}[kind](list(ids))
