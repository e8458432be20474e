"""Speak with MusicBrainz by way of musicbrainzngs, carried by our own transport.

The library builds the requests, checks includes, parses and names the errors. Its opener, retries, pace and missing
time-out are not inherited: while a call lasts, its seams (`compat.build_opener`, `_safe_read`, `compat.urlencode`) are
ours, under one lock, because all its settings are global. Source: docs/contracts/musicbrainz.md, section 5.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

import orjson
import requests
from musicbrainzngs import compat, musicbrainz

from extract_load.core.errors import ConfigurationError, ServiceUnavailable

SERVICE = "musicbrainz"

_library = threading.RLock()
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,}\b", re.IGNORECASE)
_readable_urlencode = partial(urlencode, doseq=True, safe=":/")
musicbrainz._log.setLevel(logging.WARNING)  # it writes whole addresses at DEBUG


class Refused(musicbrainz.ResponseError):  # type: ignore[misc]
    """The request as such was refused (400, 413, 414): a smaller or another one may pass."""


class NotFound(musicbrainz.ResponseError):  # type: ignore[misc]
    """There is no such thing (404)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A parsed answer, and whether a redirect led to it (a merged id)."""

    body: Any
    redirected: bool


class Protocol:
    """Calls of musicbrainzngs to one server over one session."""

    def __init__(self, session: requests.Session, base_url: str) -> None:
        self._session = session
        parts = urlsplit(base_url)
        self._host = parts.netloc + parts.path.rstrip("/")
        self._https = parts.scheme == "https"

    def call(self, function: Callable[..., Any], *args: Any, fmt: str = "json", **kwargs: Any) -> Answer:
        """Call a function of musicbrainzngs and give what the server answered.

        Errors: NotFound, Refused, ConfigurationError (403), ServiceUnavailable, and those of the session.
        """
        with self._speaking(fmt) as opener:
            try:
                body = function(*args, **kwargs)
            except musicbrainz.ResponseError as error:
                raise _sorted_out(error) from None
            except musicbrainz.WebServiceError as error:
                raise ServiceUnavailable(f"MusicBrainz could not be asked: {error}.", service=SERVICE) from None
            return Answer(body, opener.redirected)

    def request(self, path: str, fmt: str = "json", **parameters: Any) -> Answer:
        """Ask for what the library has no function for; a list becomes a repeated parameter."""
        return self.call(musicbrainz._mb_request, path, args=parameters, fmt=fmt)

    @contextmanager
    def _speaking(self, fmt: str) -> Iterator[_Opener]:
        """Lend the library our transport, server and format for the length of a block."""
        opener = _Opener(self._session)
        ours: dict[tuple[Any, str], Any] = {
            (musicbrainz, "hostname"): self._host,
            (musicbrainz, "https"): self._https,
            (musicbrainz, "_useragent"): self._session.headers["User-Agent"],
            (musicbrainz, "do_rate_limit"): False,
            (musicbrainz, "ws_format"): fmt,  # set_format("json") would warn at each call
            (musicbrainz, "parser_fun"): _parsers[fmt],
            (musicbrainz, "_safe_read"): _read_once,
            (compat, "build_opener"): lambda *_handlers: opener,
            (compat, "urlencode"): _readable_urlencode,
        }
        with _library:
            theirs = {(module, name): getattr(module, name) for module, name in ours}
            try:
                for (module, name), value in ours.items():
                    setattr(module, name, value)
                yield opener
            finally:
                for (module, name), value in theirs.items():
                    setattr(module, name, value)


class _Opener:
    """Stands where the library has an opener of urllib: sends the request over our session."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session
        self.redirected = False

    def read(self, request: Any) -> bytes:
        """Send and give the body. Errors: HTTPError with the body in it, as urllib raises."""
        response = self._session.get(request.full_url)
        self.redirected = bool(response.history)
        if response.status_code == 403:
            raise _forbidden(response)
        if not response.ok:
            said = _message(response)
            raise HTTPError("", response.status_code, said, None, None)  # type: ignore[arg-type]
        return response.content


def _read_once(opener: _Opener, request: Any, _body: Any = None, **_theirs: Any) -> bytes:
    """Read like the library's `_safe_read`, without its retries: the session has made them."""
    try:
        return opener.read(request)
    except HTTPError as error:
        if error.code == 401:
            raise musicbrainz.AuthenticationError(cause=error) from None
        raise musicbrainz.ResponseError(cause=error) from None


def _sorted_out(error: Any) -> Exception:
    code, said = error.cause.code, error.cause.msg
    if code == 404:
        return NotFound(said, error.cause)
    if code in {400, 405, 411, 413, 414, 431}:
        return Refused(said, error.cause)
    return ServiceUnavailable(f"MusicBrainz answered {code} ({said}).", service=SERVICE)


def _forbidden(response: requests.Response) -> ConfigurationError:
    said = _message(response)
    return ConfigurationError(
        f"MusicBrainz refuses this program (403): {said}",
        hint="Set CONTACT to an e-mail address or a web page of yours; it goes into the User-Agent.",
    )


def _message(response: requests.Response) -> str:
    """Return what the server said, one line, without markup and without the addresses that a gateway may put in."""
    try:
        said = str(orjson.loads(response.content)["error"])[:300]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        said = response.reason or "no reason given"
    return _ADDRESS.sub("(address)", said)


def _text(body: bytes) -> str:
    return body.decode("utf-8")


_parsers: dict[str, Callable[[bytes], Any]] = {"json": orjson.loads, "txt": _text}
