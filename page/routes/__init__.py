"""One module for each group of pages; each offers `ROUTES`, pairs of a path and a function that answers it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from starlette.responses import Response

from page.context import PageContext

GROUPS = (
    "home", "tops", "entities", "calendar", "diary", "clock", "map", "taste", "finds", "habits", "review", "compare",
    "plays", "search", "why", "merges", "completeness", "about", "family", "embed", "take_away", "data",
)  # fmt: skip


def all_routes() -> list[tuple[str, Callable[[PageContext], Response]]]:
    """Return the routes of all groups."""
    return [route for group in GROUPS for route in import_module(f"page.routes.{group}").ROUTES]
