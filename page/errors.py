"""What a visitor is told when a page cannot be shown: a status, a sentence, and what to do next.

Always holds: the text names no path, no token and no exception.
"""

from __future__ import annotations

from http import HTTPStatus


class PageError(Exception):
    """A page that cannot be shown; `status` is its HTTP status."""

    def __init__(self, status: HTTPStatus, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint


class BadRequest(PageError):
    """A parameter that is not what it should be."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, message, hint)


class NotFound(PageError):
    """Something that is not in the published file."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(HTTPStatus.NOT_FOUND, message, hint)


class Unavailable(PageError):
    """The published file cannot answer now."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, message, hint)
