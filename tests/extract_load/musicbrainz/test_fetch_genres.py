"""Fetching the genre list: one request a month, and a refusal is an outage."""

from __future__ import annotations

import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.musicbrainz.client import connect
from extract_load.musicbrainz.fetch_genres import GenreStep
from extract_load.musicbrainz.step import MusicBrainzRun


@pytest.fixture
def step(make_home):
    home = make_home(artists=2)
    context = home.context
    client = connect(context.settings, context.state, "run-1", context.clock)
    made = GenreStep(context, MusicBrainzRun(client, context.clock.now()))
    made.home = home
    return made


def pending(step: GenreStep) -> list[str]:
    with step.home.context.warehouse.open("test") as connection:
        return step.pending(connection, False)


def test_the_list_is_pending_until_it_was_read_and_again_after_a_month(step) -> None:
    assert pending(step) == ["all"]
    step.ask(["all"])
    assert len(step.written) == 1
    step.home.context.landing.land()
    assert pending(step) == []
    assert step.home.rows("select count(*) > 200 from lookup.musicbrainz_genres") == [(True,)]
    step.home.context.clock.forward(31 * 86_400)
    assert pending(step) == ["all"]


def test_a_refused_list_is_an_outage(step) -> None:
    step.home.fault("url_too_long", limit=5)
    with pytest.raises(ServiceUnavailable, match="refuses to list its genres"):
        step.ask(["all"])
