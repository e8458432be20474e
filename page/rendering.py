"""The templates: autoescape is on and stays on, an unknown name in a template is an error, static files have a hash."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from page import formats
from page.entities import Kind
from page.navigation import ABOUT_THE_NUMBERS, MENU
from page.params import Measure, Rule

STATIC_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}

_FILTERS = (
    "number", "counted", "measured", "noun_for", "minutes", "percent", "day", "moment", "change", "rank_change",
    "machine",
)  # fmt: skip


@cache
def environment() -> Environment:
    """Return the template environment."""
    made = Environment(
        loader=PackageLoader("page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in _FILTERS:
        made.filters[name] = getattr(formats, name)
    made.globals.update(
        {
            "menu": MENU,
            "foot": ABOUT_THE_NUMBERS,
            "rules": tuple(Rule),
            "measures": tuple(Measure),
            "kinds": tuple(Kind),
            "static": static_url,
        }
    )
    return made


@cache
def static_file(name: str) -> bytes | None:
    """Return the content of a static file of ours; None when there is none of this name."""
    known = {path.name: path for path in files("page").joinpath("static").iterdir() if path.is_file()}
    return known[name].read_bytes() if name in known else None


def static_names() -> list[str]:
    """Return the names of all static files."""
    return sorted(path.name for path in files("page").joinpath("static").iterdir() if path.is_file())


@cache
def static_url(name: str) -> str:
    """Return the address of a static file with a hash of its content: an old page never gets a new script."""
    content = static_file(name)
    if content is None:
        raise LookupError(name)
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"
