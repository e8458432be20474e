"""Pages of a household: each listener's from their own file, chosen by the URL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from extract_load.core.errors import ConfigurationError
from extract_load.core.listener_registry import Listener, Registry, write_registry
from extract_load.core.listeners import published_path_of
from extract_load.core.settings import Settings
from extract_load.publishing.listener_files import publish_listeners
from page.app import build_app
from page.commands import _file_of
from page.errors import Unavailable
from page.household import Household
from tests.support.data_directories import settings_in
from tests.support.published_world import write_world

BOTH = Registry((Listener("me"), Listener("other", "Anna Ä."), Listener("new")), "me")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of three listeners, of whom two have plays."""
    settings = settings_in(tmp_path_factory.mktemp("household"))
    write_registry(settings.listeners_path, BOTH)
    settings.published_path.parent.mkdir(parents=True)
    write_world(settings.published_path)
    publish_listeners(settings, "", datetime(2026, 1, 1))
    settings.published_path.unlink()  # the pages read nobody's file but the one that is asked for
    return settings


@pytest.fixture
def household(settings: Settings) -> Iterator[Household]:
    """Yield the files, and close them."""
    household = Household(settings)
    yield household
    household.close()


def test_the_url_chooses_the_file(household: Household) -> None:
    """Everybody with plays can be chosen, the first one is shown unasked; each cursor knows one listener's plays."""
    for asked, whose in (("", "me"), ("me", "me"), ("other", "other"), ("nobody", "me"), ("new", "me")):
        with household.cursor(asked) as cursor:
            rows = cursor.connection.execute("select distinct listener_id from marts.fct_plays").fetchall()
            assert rows == [(whose,)]
            assert [one.label for one in cursor.facts.listeners] == ["me", "Anna Ä."]
            assert cursor.facts.family is None


def test_pages_keep_the_listener(household: Household) -> None:
    """The choice is in the form by name, in every link by id, and an unknown one is no page."""
    with TestClient(build_app(household), base_url="http://localhost") as client:
        page = client.get("/top/artists?listener=other").text
        assert '<option value="other" selected>Anna Ä.</option>' in page
        assert "listener=other" in page
        assert client.get("/").status_code == 200
        assert client.get("/?listener=nobody").status_code == 404


def test_one_listener_has_the_one_file(tmp_path: Path) -> None:
    """Without a registry the pages are over the file of ever, and say so while there is none."""
    settings = settings_in(tmp_path)
    household = Household(settings)
    with pytest.raises(Unavailable, match="no published file"), household.cursor():
        pass
    settings.published_path.parent.mkdir(parents=True)
    write_world(settings.published_path)
    with household.cursor() as cursor:
        assert [one.listener_id for one in cursor.facts.listeners] == ["me", "other"]
    household.close()
    assert _file_of(settings, None) == settings.published_path


def test_whose_pages_are_written_has_to_be_said(settings: Settings) -> None:
    """A folder has one listener's pages."""
    assert _file_of(settings, "other") == published_path_of(settings, "other")
    with pytest.raises(ConfigurationError, match="--listener"):
        _file_of(settings, None)
