"""The templates and the static files."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import pytest

import page
from page.rendering import environment, static_file, static_url

FOLDER = Path(page.__file__).parent


def test_everything_is_escaped() -> None:
    """Autoescape is on, and no template or module switches it off."""
    assert environment().autoescape is True
    assert environment().from_string("{{ name }}").render(name="<b>") == "&lt;b&gt;"
    for path in FOLDER.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe|autoescape|Markup", text), path
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?! src=\"\{\{ static)", text), path


def test_a_name_that_is_not_there_is_an_error() -> None:
    """A misspelt name in a template would else draw nothing."""
    with pytest.raises(jinja2.UndefinedError):
        environment().from_string("{{ nothing }}").render()


def test_static_files_have_a_hash() -> None:
    """And what is none of them is none."""
    assert re.fullmatch(r"/static/page\.css\?v=[0-9a-f]{12}", static_url("page.css"))
    assert static_file("../app.py") is None
    with pytest.raises(LookupError):
        static_url("nothing.css")
