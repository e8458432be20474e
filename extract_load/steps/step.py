"""One shape for every step of an enrichment: what is pending, batch, request, land, signal, until nothing can come.

A step lists what is pending from SQL, is handed full batches, writes the answers to files, and lands them at once, so
that the steps it feeds can begin. It ends when nothing is pending and no other step may bring more, or at a limit, a
spent budget or its deadline, with what is left said; an outage is raised, when what was answered is landed. The
warehouse is never locked across a request. Several steps of a run work side by side, each in a thread of its own.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import duckdb

from extract_load.context import Context
from extract_load.core.errors import ConfigurationError, QuotaExhausted, ServiceUnavailable
from extract_load.core.results import Status, TaskResult
from extract_load.http import Meter
from extract_load.steps.signals import Look, StepOrder
from extract_load.storage.writer_lock import WarehouseBusy

log = logging.getLogger(__name__)

Item = TypeVar("Item")

MAX_PENDING = 2000
_LAND_WAIT_SECONDS = 1.0


class Step(ABC, Generic[Item]):
    """One kind of work of one run. `full` is the weight of a full batch.

    Class attributes: `sends_any` batch, also one that is not full; `replan_seconds` until the rest of a plan is planned
    again, with the answers so far; `failures_of_an_outage` in a row end the step; with `waits_for_more` nothing is
    pending as long as another step may bring more; `unusable` are errors that stand for an answer of an unknown form.
    """

    full: int
    service: ClassVar[str]
    sends_any: ClassVar[bool] = False
    replan_seconds: ClassVar[float] = 12.0
    failures_of_an_outage: ClassVar[int] = 2
    waits_for_more: ClassVar[bool] = False
    unusable: ClassVar[tuple[type[Exception], ...]] = ()

    def __init__(self, context: Context) -> None:
        self.context = context
        self.counts: dict[str, int] = {}
        self.failed_keys: set[str] = set()
        self.written: list[Path] = []
        self.outage: ServiceUnavailable | None = None
        self.troubles: list[str] = []  # what could not be done, in sentences, and will not be by a retry

    @abstractmethod
    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[Item]:
        """Return the pending items, most listened first, at most MAX_PENDING and as the limits allow.

        With `more`, another step may still bring items; what that could change is left out.
        """

    @abstractmethod
    def key(self, item: Item) -> str:
        """Return the key of an item."""

    @abstractmethod
    def ask(self, items: Sequence[Item]) -> None:
        """Send the requests for one batch, and put what was answered into files (`written`), in the order of landing.

        Errors: the five kinds; what was written before stays good. An outage after some answers is put in `outage`.
        """

    def message(self) -> str:
        """Return what the counts of the result do not say."""
        return ""

    def weight(self, item: Item) -> int:  # noqa: ARG002
        """Return how much of a full batch an item takes."""
        return 1

    def before_pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> None:
        """Derive what the list of pending items needs."""

    def left(self, connection: duckdb.DuckDBPyConnection) -> str:
        """Return what is left in words ("1,200 tracks wait."), empty when that is not counted."""
        items = len(self.pending(connection, False))
        return f"{items:,}{' or more' if items >= MAX_PENDING else ''} wait." if items else ""

    def finish(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write what the end of the step leaves in lookups and state; called however it ends."""

    def metered(self) -> AbstractContextManager[Meter]:
        """Count the requests of this thread for the length of a block."""
        return nullcontext(Meter())

    @property
    def has_unlanded(self) -> bool:
        """Whether answers wait to be landed."""
        return bool(self.written)

    def land(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Land what was written since the last time; return whether there was any."""
        written, self.written = self.written, []
        if written:
            self.context.landing.land_now(connection, written)
        return bool(written)

    def count(self, name: str, number: int = 1) -> None:
        """Add to a count of the result."""
        if number:
            self.counts[name] = self.counts.get(name, 0) + number


@dataclass(frozen=True, slots=True)
class StepDefinition:
    """A step as it stands in the catalogue: its place, how it is made, and which setting limits it.

    `idle_reason` says why there is nothing to do with these settings. `is_one_call` marks a step of a few seconds.
    """

    order: StepOrder
    service: str
    make: Callable[[Context], Step[Any]]
    description: str
    limit: str | None = None
    idle_reason: Callable[[Context], str] = field(default=lambda _context: "")
    is_one_call: bool = False

    @property
    def name(self) -> str:
        """The name: a verb and what it is about."""
        return self.order.name


def run_step(definition: StepDefinition, context: Context, *, deadline_seconds: float | None = None) -> TaskResult:
    """Do one step of a run to its end and return its result.

    Errors: ServiceUnavailable for an outage, with the counts so far as `result`; AuthorizationNeeded,
    ConfigurationError. Idempotent: with nothing pending no request is sent.
    """
    idle = definition.idle_reason(context)
    if idle:
        return TaskResult("no_updates", message=idle)
    step = definition.make(context)
    with step.metered() as meter:
        return _Work(definition.order, step, meter, deadline_seconds).do()


def with_limit(definition: StepDefinition, context: Context, limit: int | None) -> Context:
    """Return the context with a limit (entities) for one step. Errors: ConfigurationError when it has none."""
    if limit is None:
        return context
    if definition.limit is None:
        raise ConfigurationError(f"{definition.name} has no limit.", hint="Leave out --limit.")
    return replace(context, settings=context.settings.model_copy(update={definition.limit: limit}))


class _Work(Generic[Item]):
    """The loop of one step: look, plan, send, land, announce; rest when there is nothing to do."""

    def __init__(self, order: StepOrder, step: Step[Item], meter: Meter, deadline_seconds: float | None) -> None:
        self._order, self._step, self._meter = order, step, meter
        self._context, self._signals = step.context, step.context.signals
        now = self._context.clock.monotonic()
        self._deadline = None if deadline_seconds is None else now + deadline_seconds
        self._asked = 0
        self._failures_in_a_row = 0
        self._retried = False
        self._outage: ServiceUnavailable | None = None
        self._spent: QuotaExhausted | None = None
        self._timed_out = False
        self._left = ""

    def do(self) -> TaskResult:
        """Work to the end, and return the result. Errors: as of run_step."""
        try:
            self._work()
        finally:
            with self._open("last answers") as connection:
                landed = self._step.land(connection)
                self._step.finish(connection)
                if self._spent or self._timed_out:
                    self._left = self._step.left(connection)
            if landed:
                self._signals.announce(self._order.name)
        result = self._result()
        if self._outage is not None:
            self._outage.result = result
            raise self._outage
        return result

    def _work(self) -> None:
        while not self._is_ended():
            look = self._signals.look(self._order)
            batches, has_left = self._plan(look)
            if batches:
                self._send(batches)
            elif not look.more and self._retry_failed_batches():
                continue
            elif not self._signals.rest(self._order, look, has_left=has_left):
                return
            self._context.clock.sleep(0)  # a run that is being stopped ends here

    def _is_ended(self) -> bool:
        if self._deadline is not None and self._context.clock.monotonic() >= self._deadline:
            self._timed_out = True
        return bool(self._outage or self._spent) or self._timed_out

    def _open(self, what: str, wait_seconds: float | None = None) -> Any:
        return self._context.warehouse.open(f"{self._order.name}: {what}", wait_seconds)

    def _plan(self, look: Look) -> tuple[list[tuple[Item, ...]], bool]:
        """Land what was written; return the batches to send now, and whether items are left for a full one."""
        if look.more and self._step.waits_for_more:
            return [], False
        with self._open("what is pending") as connection:
            landed = self._step.land(connection)
            self._step.before_pending(connection, look.more)
            items = [item for item in self._step.pending(connection, look.more) if not self._is_failed(item)]
        self._announce(landed, self._asked + len(items))
        batches = self._split_into_batches(items)
        if look.more and not self._step.sends_any and batches and not self._is_full(batches[-1]):
            return batches[:-1], True
        return batches, False

    def _is_failed(self, item: Item) -> bool:
        return self._step.key(item) in self._step.failed_keys

    def _is_full(self, batch: Sequence[Item]) -> bool:
        return sum(map(self._step.weight, batch)) >= self._step.full

    def _split_into_batches(self, items: Sequence[Item]) -> list[tuple[Item, ...]]:
        """Split pending items into batches; an item that does not fit any more begins the next batch."""
        batches: list[list[Item]] = []
        weight = 0
        for item in items:
            size = self._step.weight(item)
            if not batches or weight + size > self._step.full:
                batches.append([])
                weight = 0
            batches[-1].append(item)
            weight += size
        return [tuple(batch) for batch in batches]

    def _send(self, batches: Sequence[tuple[Item, ...]]) -> None:
        """Send batches for some seconds; the rest is planned again, with the answers so far."""
        started = self._context.clock.monotonic()
        total = self._asked + sum(map(len, batches))
        self._signals.begin(self._order.name)
        for batch in batches:
            self._ask(batch)
            self._asked += len(batch)
            self._land_at_once(total)
            if self._is_ended() or self._context.clock.monotonic() - started >= self._step.replan_seconds:
                return

    def _ask(self, batch: tuple[Item, ...]) -> None:
        try:
            self._step.ask(batch)
            self._failures_in_a_row = 0
        except QuotaExhausted as error:
            log.info("%s: %s", self._order.name, error)
            self._spent = error
        except ServiceUnavailable as error:
            self._postpone(batch, error)
        except self._step.unusable as error:
            msg = f"{self._step.service} answered in an unknown format ({type(error).__name__})."
            self._postpone(batch, ServiceUnavailable(msg, service=self._step.service))
        self._outage = self._outage or self._step.outage

    def _postpone(self, batch: Sequence[Item], error: ServiceUnavailable) -> None:
        """Leave a failed batch for the end of the step; after some failures in a row, end the step."""
        log.warning("%s: %s", self._order.name, error)
        self._step.failed_keys |= {self._step.key(item) for item in batch}
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= self._step.failures_of_an_outage:
            self._outage = error

    def _retry_failed_batches(self) -> bool:
        """Make the failed batches pending again, once a run; return whether there are any."""
        failed = bool(self._step.failed_keys)
        if failed and not self._retried:
            self._step.failed_keys.clear()
            self._retried = True
            return True
        if failed:
            words = f"{self._step.service} left some requests without an answer."
            self._outage = ServiceUnavailable(words, service=self._step.service)
        return failed

    def _land_at_once(self, total: int) -> None:
        """Land during the wait for the rate limit; if another process has the warehouse, the next plan does."""
        if not self._step.has_unlanded:
            return
        try:
            with self._open("landing answers", _LAND_WAIT_SECONDS) as connection:
                landed = self._step.land(connection)
        except WarehouseBusy:
            return
        self._announce(landed, total)

    def _announce(self, landed: bool, total: int) -> None:
        """Signal the other steps and report progress, if anything was landed."""
        if landed:
            self._signals.announce(self._order.name)
            self._context.progress(self._order.name, self._asked, total)

    def _result(self) -> TaskResult:
        counts, meter = dict(self._step.counts), self._meter
        did = any(counts.values()) or meter.sent > 0
        status: Status = "success" if did else "no_updates"
        said = [self._step.message()]
        if self._spent:
            status = status if self._spent.is_own_budget else "partial"
            said = [str(self._spent), self._left, *said]
        elif self._outage:
            status, said = "failed", [str(self._outage)]
        elif self._timed_out:
            said = ["Its time is up; the next run goes on.", self._left, *said]
        if self._step.troubles and not self._outage:
            status, said = "partial", [*said, *self._step.troubles]
        message = " ".join(filter(None, said))
        resume_at = self._spent.resume_at if self._spent else None
        return TaskResult(status, counts, meter.sent, meter.waited, message, resume_at)
