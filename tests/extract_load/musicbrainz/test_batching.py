"""Batches: bisection of a refused batch, single lookups of missing ids, and what an outage leaves."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from extract_load.core.errors import ServiceUnavailable
from extract_load.musicbrainz.batching import BatchBisection, BatchReader
from extract_load.musicbrainz.client import Entity
from extract_load.musicbrainz.request_policy import Refused
from extract_load.musicbrainz.step import MAX_SINGLE_LOOKUPS, Run

IDS = [f"id-{number:03}" for number in range(40)]


@pytest.fixture
def run() -> Run:
    return Run(context=None, client=None)  # type: ignore[arg-type]  # batches need neither


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


def test_a_refused_batch_is_bisected_and_later_ones_are_cut_to_what_passed(run) -> None:
    server = Server(limit=10)
    bisection = BatchBisection(run)
    assert bisection.ask(server.search, IDS).found.keys() == set(IDS)
    assert server.sizes == [40, 20, 10, 10, 20, 10, 10]
    server.sizes.clear()
    bisection.ask(server.search, IDS)
    assert server.sizes == [10, 10, 10, 10]


def test_an_id_that_is_refused_alone_does_not_take_the_others_with_it(run) -> None:
    batch = BatchBisection(run).ask(Server(refused=[IDS[7]]).search, IDS)
    assert batch.refused == {IDS[7]: "too long"}
    assert batch.found.keys() == set(IDS) - {IDS[7]}


def test_a_server_that_refuses_everything_is_an_outage(run) -> None:
    with pytest.raises(ServiceUnavailable, match="refuses every request"):
        BatchBisection(run).ask(Server(limit=0).search, IDS)


def test_answers_before_an_outage_are_kept(run) -> None:
    batch = BatchBisection(run, batch_size=10).ask(Server(down_after=2).search, IDS)
    assert batch.found.keys() == set(IDS[:20])
    assert batch.unanswered == set(IDS[20:])
    assert run.outage is not None


def test_an_outage_before_any_answer_is_raised(run) -> None:
    with pytest.raises(ServiceUnavailable, match="reached"):
        BatchBisection(run).ask(Server(down_after=0).search, IDS)


def reader(run: Run, missing: set[str], looked_up: list[str]) -> BatchReader:
    def lookup(mbid: str) -> Entity:
        looked_up.append(mbid)
        return Entity(mbid, None)

    return BatchReader(run, lambda ids: {one: {"id": one} for one in ids if one not in missing}, lookup)


def test_a_few_missing_ids_are_looked_up_at_once(run) -> None:
    looked_up: list[str] = []
    answers = reader(run, set(IDS[:5]), looked_up).read(IDS)
    assert looked_up == IDS[:5]
    assert answers.lookups.keys() == set(IDS[:5])
    assert answers.documents.keys() == set(IDS[5:])
    assert run.single_lookups_left == MAX_SINGLE_LOOKUPS - 5


def test_many_missing_ids_go_into_a_later_batch_first(run) -> None:
    looked_up: list[str] = []
    read = reader(run, set(IDS[:6]), looked_up)
    read.read(IDS)
    assert looked_up == []
    assert not read.is_ready(IDS[0], more=True)
    assert read.is_ready(IDS[0], more=False)
    read.read(IDS)
    assert looked_up == IDS[:6]


def test_single_lookups_are_limited_in_a_run(run) -> None:
    run.single_lookups_left = 2
    looked_up: list[str] = []
    read = reader(run, set(IDS[:4]), looked_up)
    read.read(IDS)
    assert looked_up == IDS[:2]
    assert run.counts == {"waiting_for_the_index": 2}
    assert not read.is_ready(IDS[3], more=False)
