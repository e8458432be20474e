"""The adapter around musicbrainzngs: the only module that imports the library.

The library builds the requests, checks the includes and parses the answers. Its HTTP opener, retries, rate limiter and
missing time-out are not used: while a call lasts, the places where the library reaches for them (`compat.build_opener`,
`_safe_read`, `compat.urlencode`) are replaced by this project's, under one lock, because all settings of the library
are global. Errors are those of `request_policy`, never the library's. Source: docs/contracts/musicbrainz.md, section 5.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, Literal
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

import orjson
import requests
from musicbrainzngs import compat, musicbrainz

from extract_load.core.errors import ServiceUnavailable
from extract_load.musicbrainz.request_policy import SERVICE, error_for

Kind = Literal["artist", "area", "recording"]

_SEARCHES: dict[str, Callable[..., Any]] = {
    "artist": musicbrainz.search_artists,
    "area": musicbrainz.search_areas,
    "recording": musicbrainz.search_recordings,
}
_LOOKUPS: dict[str, Callable[..., Any]] = {
    "artist": musicbrainz.get_artist_by_id,
    "area": musicbrainz.get_area_by_id,
}

_library_lock = threading.RLock()
_IP_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,}\b", re.IGNORECASE)
_LONGEST_MESSAGE = 300
_readable_urlencode = partial(urlencode, doseq=True, safe=":/")
musicbrainz._log.setLevel(logging.WARNING)  # it logs whole URLs at DEBUG


class NgsAdapter:
    """Calls of musicbrainzngs to one server over one session.

    Errors of each call: NotFound, Refused, ConfigurationError (403), ServiceUnavailable, and those of the session.
    """

    def __init__(self, session: requests.Session, base_url: str) -> None:
        self._session = session
        parts = urlsplit(base_url)
        self._host = parts.netloc + parts.path.rstrip("/")
        self._https = parts.scheme == "https"

    def search(self, kind: Kind, query: str, limit: int) -> dict[str, Any]:
        """Return the answer to a search with a Lucene query."""
        answer: dict[str, Any] = self._call(_SEARCHES[kind], query=query, limit=limit)
        return answer

    def lookup(self, kind: Kind, mbid: str, includes: Sequence[str]) -> dict[str, Any]:
        """Return one entity; after a merge it carries another id than `mbid`."""
        answer: dict[str, Any] = self._call(_LOOKUPS[kind], mbid, includes=list(includes))
        return answer

    def request(self, path: str, fmt: str = "json", **parameters: Any) -> Any:
        """Return the answer to a request that the library has no function for; a list repeats its parameter."""
        return self._call(musicbrainz._mb_request, path, args=parameters, fmt=fmt)

    def _call(self, function: Callable[..., Any], *args: Any, fmt: str = "json", **kwargs: Any) -> Any:
        with self._patched_library(fmt):
            try:
                return function(*args, **kwargs)
            except musicbrainz.ResponseError as error:
                raise error_for(error.cause.code, str(error.cause.msg)) from None
            except musicbrainz.WebServiceError as error:
                raise ServiceUnavailable(f"MusicBrainz could not be asked: {error}.", service=SERVICE) from None

    @contextmanager
    def _patched_library(self, fmt: str) -> Iterator[None]:
        """Give the library this project's transport, server and format for the length of a block."""
        opener = _SessionOpener(self._session)
        replacements: dict[tuple[Any, str], Any] = {
            (musicbrainz, "hostname"): self._host,
            (musicbrainz, "https"): self._https,
            (musicbrainz, "_useragent"): self._session.headers["User-Agent"],
            (musicbrainz, "do_rate_limit"): False,
            (musicbrainz, "ws_format"): fmt,  # set_format("json") would warn at each call
            (musicbrainz, "parser_fun"): _PARSERS[fmt],
            (musicbrainz, "_safe_read"): _read_without_retries,
            (compat, "build_opener"): lambda *_handlers: opener,
            (compat, "urlencode"): _readable_urlencode,
        }
        with _library_lock:
            originals = {(module, name): getattr(module, name) for module, name in replacements}
            try:
                for (module, name), value in replacements.items():
                    setattr(module, name, value)
                yield
            finally:
                for (module, name), value in originals.items():
                    setattr(module, name, value)


class _SessionOpener:
    """Takes the place of the library's urllib opener and sends the request over the session."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def read(self, request: Any) -> bytes:
        """Send the request and return the body. Errors: HTTPError as urllib raises it; ConfigurationError for 403."""
        response = self._session.get(request.full_url)
        if response.status_code == HTTPStatus.FORBIDDEN:
            raise error_for(response.status_code, _server_message(response))
        if not response.ok:
            raise HTTPError("", response.status_code, _server_message(response), None, None)  # type: ignore[arg-type]
        return response.content


def _read_without_retries(opener: _SessionOpener, request: Any, _body: Any = None, **_options: Any) -> bytes:
    """Return the body like the library's `_safe_read`, without its retries: the session has made them."""
    try:
        return opener.read(request)
    except HTTPError as error:
        if error.code == HTTPStatus.UNAUTHORIZED:
            raise musicbrainz.AuthenticationError(cause=error) from None
        raise musicbrainz.ResponseError(cause=error) from None


def _server_message(response: requests.Response) -> str:
    """Return the server's error text in one line, without markup and without IP addresses that a gateway put in."""
    try:
        text = str(orjson.loads(response.content)["error"])[:_LONGEST_MESSAGE]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        text = response.reason or "no reason given"
    return _IP_ADDRESS.sub("(address)", text)


def _decode_text(body: bytes) -> str:
    return body.decode("utf-8")


_PARSERS: dict[str, Callable[[bytes], Any]] = {"json": orjson.loads, "txt": _decode_text}
