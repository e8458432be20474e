"""Errors of pages carry their status."""

from __future__ import annotations

from page.errors import BadRequest, NotFound, Unavailable


def test_each_error_has_its_status() -> None:
    """And a sentence with a hint."""
    assert [kind("It is so.", "Do this.").status for kind in (BadRequest, NotFound, Unavailable)] == [400, 404, 503]
    assert (BadRequest("It is so.", "Do this.").message, BadRequest("It is so.").hint) == ("It is so.", "")
