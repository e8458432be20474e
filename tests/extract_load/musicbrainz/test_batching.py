"""Batches: bisection of a refused batch, single lookups of missing ids, and what an outage leaves."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from extract_load.context import Context
from extract_load.core.errors import ServiceUnavailable
from extract_load.musicbrainz.batching import BatchBisection, BatchReader
from extract_load.musicbrainz.client import Entity, connect
from extract_load.musicbrainz.fetch_areas import AreaStep
from extract_load.musicbrainz.request_policy import Refused
from extract_load.musicbrainz.step import MAX_SINGLE_LOOKUPS, MusicBrainzRun

IDS = [f"id-{number:03}" for number in range(40)]


@pytest.fixture
def step(context: Context) -> AreaStep:
    client = connect(context.settings, context.state, "run-1", context.clock)
    return AreaStep(context, MusicBrainzRun(client, context.clock.now()))


class Server:
    """Answers about ids; refuses batches above a size, refuses some ids, and is down from some request on."""

    def __init__(self, *, limit: int = 100, refused: Sequence[str] = (), down_after: int = 1000) -> None:
        self.limit, self.refused, self.down_after = limit, refused, down_after
        self.sizes: list[int] = []

    def search(self, ids: Sequence[str]) -> dict[str, dict]:
        if len(self.sizes) >= self.down_after:
            raise ServiceUnavailable("MusicBrainz could not be reached.")
        self.sizes.append(len(ids))
        if len(ids) > self.limit or set(ids) & set(self.refused):
            raise Refused("too long")
        return {one: {"id": one} for one in ids}


def test_a_refused_batch_is_bisected_and_later_ones_are_cut_to_what_passed(step) -> None:
    server = Server(limit=10)
    bisection = BatchBisection(step)
    assert bisection.ask(server.search, IDS).found.keys() == set(IDS)
    assert server.sizes == [40, 20, 10, 10, 20, 10, 10]
    server.sizes.clear()
    bisection.ask(server.search, IDS)
    assert server.sizes == [10, 10, 10, 10]


def test_an_id_that_is_refused_alone_does_not_take_the_others_with_it(step) -> None:
    batch = BatchBisection(step).ask(Server(refused=[IDS[7]]).search, IDS)
    assert batch.refused == {IDS[7]: "too long"}
    assert batch.found.keys() == set(IDS) - {IDS[7]}


def test_a_server_that_refuses_everything_is_an_outage(step) -> None:
    with pytest.raises(ServiceUnavailable, match="refuses every request"):
        BatchBisection(step).ask(Server(limit=0).search, IDS)


def test_answers_before_an_outage_are_kept(step) -> None:
    batch = BatchBisection(step, batch_size=10).ask(Server(down_after=2).search, IDS)
    assert batch.found.keys() == set(IDS[:20])
    assert batch.unanswered == set(IDS[20:])
    assert step.outage is not None


def test_an_outage_before_any_answer_is_raised(step) -> None:
    with pytest.raises(ServiceUnavailable, match="reached"):
        BatchBisection(step).ask(Server(down_after=0).search, IDS)


def reader(step: AreaStep, missing: set[str], looked_up: list[str]) -> BatchReader:
    def lookup(mbid: str) -> Entity:
        looked_up.append(mbid)
        return Entity(mbid, None)

    return BatchReader(step, lambda ids: {one: {"id": one} for one in ids if one not in missing}, lookup)


def test_a_few_missing_ids_are_looked_up_at_once(step) -> None:
    looked_up: list[str] = []
    answers = reader(step, set(IDS[:5]), looked_up).read(IDS)
    assert looked_up == IDS[:5]
    assert answers.lookups.keys() == set(IDS[:5])
    assert answers.documents.keys() == set(IDS[5:])
    assert step.run.single_lookups_left == MAX_SINGLE_LOOKUPS - 5


def test_many_missing_ids_go_into_a_later_batch_first(step) -> None:
    looked_up: list[str] = []
    read = reader(step, set(IDS[:6]), looked_up)
    read.read(IDS)
    assert looked_up == []
    assert not read.is_ready(IDS[0], more=True)
    assert read.is_ready(IDS[0], more=False)
    read.read(IDS)
    assert looked_up == IDS[:6]


def test_single_lookups_are_limited_in_a_run(step) -> None:
    step.run.single_lookups_left = 2
    looked_up: list[str] = []
    read = reader(step, set(IDS[:4]), looked_up)
    read.read(IDS)
    assert looked_up == IDS[:2]
    assert step.counts == {"waiting_for_the_index": 2}
    assert not read.is_ready(IDS[3], more=False)
