"""The adapter: musicbrainzngs is imported nowhere else, is left as it was, and its errors never leave it."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

import pytest
from musicbrainzngs import compat, musicbrainz

from extract_load.core.errors import ConfigurationError
from extract_load.musicbrainz import ngs_adapter
from extract_load.musicbrainz.client import connect
from extract_load.musicbrainz.ngs_adapter import NgsAdapter
from extract_load.musicbrainz.request_policy import NotFound, Refused

PACKAGE = Path(ngs_adapter.__file__).parents[1]
GLOBALS = ("hostname", "https", "_useragent", "do_rate_limit", "ws_format", "parser_fun", "_safe_read")


@pytest.fixture
def home(make_home):
    return make_home(artists=4, link_all=True)


@pytest.fixture
def adapter(home) -> NgsAdapter:
    context = home.context
    return connect(context.settings, context.state, "run-1", context.clock)._adapter


def test_no_other_module_imports_the_library() -> None:
    importing = {
        path.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("musicbrainzngs"))
        or (isinstance(node, ast.Import) and any(alias.name.startswith("musicbrainzngs") for alias in node.names))
    }
    assert importing == {"ngs_adapter.py"}


def test_the_library_neither_warns_nor_keeps_the_settings(home, adapter) -> None:
    """JSON without the UserWarning; after a call, also a refused one, the library is as it was."""
    before = [getattr(musicbrainz, name) for name in GLOBALS] + [compat.build_opener, compat.urlencode]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        adapter.search("artist", f"arid:({home.world.artists[1].mbid})", 100)
        adapter.request("genre/all", fmt="txt")
        with pytest.raises(NotFound):
            adapter.lookup("artist", "00000000-0000-4000-8000-000000000000", ["tags"])
    assert [getattr(musicbrainz, name) for name in GLOBALS] + [compat.build_opener, compat.urlencode] == before


def test_a_refused_request_is_a_refusal_with_the_words_of_the_server(home, adapter) -> None:
    home.fault("batch_refused", limit=0, status=414)
    with pytest.raises(Refused) as caught:
        adapter.request("url", resource=["https://open.spotify.com/artist/x"] * 2)
    assert caught.value.message


def test_a_refused_program_is_a_configuration_error(home, adapter) -> None:
    home.fault("blocked")
    with pytest.raises(ConfigurationError, match=r"\(403\)"):
        adapter.request("genre/all", fmt="txt")
