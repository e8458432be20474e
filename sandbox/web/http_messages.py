"""What passes between the web server and a stand-in: requests, responses, and how JSON is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl

import orjson

# How a response leaves: whole, cut in the middle of the body, never, or with the connection torn down.
Delivery = Literal["whole", "cut", "hang", "reset"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in; `target` is the undecoded path with its query."""

    method: str
    target: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    origin: str  # the scheme and host that it was sent to

    def values(self, name: str) -> list[str]:
        """Return all values of a query parameter, in order."""
        return [value for key, value in self.query if key == name]

    def value(self, name: str) -> str | None:
        """Return the first value of a query parameter."""
        found = self.values(name)
        return found[0] if found else None

    def names(self) -> set[str]:
        """Return the names of all query parameters."""
        return {key for key, _ in self.query}

    def form(self) -> dict[str, str]:
        """Return the fields of a form in the body."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(slots=True)
class Response:
    """One answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    delivery: Delivery = "whole"
    date_shift_s: float = 0.0  # how far the Date header is from the true time

    def json(self) -> Any:
        """Return the body, parsed."""
        return orjson.loads(self.body)

    def is_json(self) -> bool:
        """Return whether the body is JSON."""
        return self.content_type.startswith("application/json") and bool(self.body)


def json_response(payload: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return Response(status, orjson.dumps(payload), headers=headers or {})


def text_response(text: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a plain-text answer."""
    return Response(status, text.encode(), "text/plain; charset=utf-8", headers or {})


class HttpProblem(Exception):
    """Ends the handling of a request with this response."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"{response.status} {response.body[:200]!r}")
        self.response = response
