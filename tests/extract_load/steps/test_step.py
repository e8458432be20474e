"""The shape of a step: full batches, landed at once; limits, budgets and deadlines end it, an outage is raised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import duckdb
import pytest

from extract_load.context import Context
from extract_load.core.errors import BadInput, ConfigurationError, QuotaExhausted, ServiceUnavailable
from extract_load.core.results import TaskResult
from extract_load.steps.signals import StepOrder
from extract_load.steps.step import Step, StepDefinition, run_step, with_limit

ORDER = StepOrder("count numbers", fed_by=("bring numbers",), after=("bring numbers",))


class Numbers(Step[int]):
    """Asks about numbers, three at a time; what was answered lands in a table of DuckDB."""

    service = "the oracle"
    replan_seconds = 60.0
    unusable = (BadInput,)
    full = 3

    def __init__(self, context: Context, numbers: Sequence[int] = (), refusals: Sequence[Exception] = ()) -> None:
        super().__init__(context)
        self.numbers, self.refusals = list(numbers), list(refusals)
        self.batches: list[tuple[int, ...]] = []
        self.finished = 0
        self._answered: list[int] = []

    def pending(self, connection: duckdb.DuckDBPyConnection, more: bool) -> list[int]:
        connection.execute("create table if not exists raw.answers (number integer)")
        done = {number for (number,) in connection.execute("from raw.answers").fetchall()}
        return [number for number in self.numbers if number not in done]

    def key(self, item: int) -> str:
        return str(item)

    def ask(self, items: Sequence[int]) -> None:
        self.batches.append(tuple(items))
        self.context.clock.sleep(1)
        refusal = self.refusals.pop(0) if self.refusals else None
        if refusal is not None:
            raise refusal
        self._answered += items
        self.count("numbers", len(items))

    @property
    def has_unlanded(self) -> bool:
        return bool(self._answered)

    def land(self, connection: duckdb.DuckDBPyConnection) -> bool:
        answered, self._answered = self._answered, []
        if answered:
            connection.execute("insert into raw.answers select unnest(?)", [answered])
        return bool(answered)

    def message(self) -> str:
        return f"{self.counts.get('numbers', 0)} numbers counted."

    def finish(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.finished += 1


def work(context: Context, step: Numbers, **options: float) -> TaskResult:
    """Run a step, and check that it was finished once."""
    definition = StepDefinition(ORDER, "oracle", lambda _: step, "Counts.")
    try:
        return run_step(definition, context, **options)
    finally:
        assert step.finished == 1


def test_batches_are_full_and_land_at_once(context: Context) -> None:
    """The last one is what is left; progress and the others are told of each."""
    told: list[tuple[str, int, int | None]] = []
    context.progress = lambda *said: told.append(said)
    step = Numbers(context, range(7))
    result = work(context, step)
    assert (result.status, result.counts, result.message) == ("success", {"numbers": 7}, "7 numbers counted.")
    assert step.batches == [(0, 1, 2), (3, 4, 5), (6,)]
    assert context.signals.landings(ORDER.name) == 3
    assert told == [(ORDER.name, 3, 7), (ORDER.name, 6, 7), (ORDER.name, 7, 7)]
    again = work(context, Numbers(context, range(7)))
    assert (again.status, again.counts) == ("no_updates", {})


def test_a_batch_that_may_still_fill_waits(context: Context) -> None:
    """As long as a step that feeds this one is running; a step that sends any batch does not wait."""
    context.signals.start(StepOrder("bring numbers"))

    class Eager(Numbers):
        sends_any = True

        def land(self, connection: duckdb.DuckDBPyConnection) -> bool:
            landed = super().land(connection)
            if landed:
                self.context.signals.done("bring numbers")
            return landed

    eager, patient = Eager(context, range(4)), Numbers(context, range(10, 14))
    assert work(context, eager).counts == {"numbers": 4}
    context.signals.start(StepOrder("bring numbers"))
    patient.ask = lambda items: (Numbers.ask(patient, items), context.signals.done("bring numbers"))[0]  # type: ignore[method-assign]
    assert work(context, patient).counts == {"numbers": 4}
    assert patient.batches == [(10, 11, 12), (13,)]


def test_a_failed_batch_is_tried_again_at_the_end(context: Context) -> None:
    """The others go on meanwhile."""
    step = Numbers(context, range(5), [ServiceUnavailable("Busy.")])
    assert work(context, step).counts == {"numbers": 5}
    assert step.batches == [(0, 1, 2), (3, 4), (0, 1, 2)]


def test_an_outage_is_raised_with_what_was_done(context: Context) -> None:
    """Two failures in a row; the answers before them are in."""
    step = Numbers(context, range(9), [None, ServiceUnavailable("Down."), BadInput("What?")])  # type: ignore[list-item]
    with pytest.raises(ServiceUnavailable, match="the oracle answered in an unknown format") as caught:
        work(context, step)
    assert (caught.value.result.status, caught.value.result.counts) == ("failed", {"numbers": 3})
    with context.warehouse.open("a test") as connection:
        assert connection.execute("select count(*) from raw.answers").fetchall() == [(3,)]


def test_what_stays_without_an_answer_is_an_outage(context: Context) -> None:
    """One batch fails twice while others are answered: a later attempt asks it again."""
    step = Numbers(context, range(5), [ServiceUnavailable("No."), None, ServiceUnavailable("No.")])  # type: ignore[list-item]
    with pytest.raises(ServiceUnavailable, match="left some requests without an answer"):
        work(context, step)


@pytest.mark.parametrize(("own", "status"), [(True, "success"), (False, "partial")])
def test_a_spent_budget_ends_the_step_and_says_what_is_left(context: Context, own: bool, status: str) -> None:
    """Ours is planned, and no trouble; a pause that the service asks for is partial."""
    until = context.clock.now() + timedelta(hours=5)
    spent = QuotaExhausted("Spent.", resume_at=until, is_own_budget=own)
    result = work(context, Numbers(context, range(9), [None, spent]))  # type: ignore[list-item]
    assert (result.status, result.resume_at, result.is_trouble) == (status, until, False)
    assert result.message.startswith("Spent. Work resumes by itself after ")
    assert "6 wait." in result.message


def test_a_deadline_ends_the_step_between_two_batches(context: Context) -> None:
    """Each batch takes a second; the next run does the rest."""
    result = work(context, Numbers(context, range(9)), deadline_seconds=2)
    assert (result.status, result.counts) == ("success", {"numbers": 6})
    assert result.message.startswith("Its time is up; the next run goes on. 3 wait.")


def test_what_a_retry_would_not_change_is_partial(context: Context) -> None:
    """A trouble that the step tells."""
    step = Numbers(context, range(2))
    step.troubles.append("One number is not offered.")
    result = work(context, step)
    assert (result.status, result.is_trouble) == ("partial", True)
    assert result.message == "2 numbers counted. One number is not offered."


def test_a_step_with_nothing_to_do_by_its_settings_says_why(context: Context) -> None:
    """Nothing is made."""
    definition = StepDefinition(ORDER, "oracle", lambda _: None, "Counts.", idle_reason=lambda _: "It is off.")  # type: ignore[arg-type, return-value]
    assert run_step(definition, context) == TaskResult("no_updates", message="It is off.")


def test_a_limit_goes_to_the_setting_of_the_step(context: Context) -> None:
    """For one run; a step without a limit refuses one."""
    definition = StepDefinition(ORDER, "oracle", Numbers, "Counts.", limit="geocoder_limit")
    assert with_limit(definition, context, 7).settings.geocoder_limit == 7
    assert context.settings.geocoder_limit != 7
    assert with_limit(definition, context, None) is context
    with pytest.raises(ConfigurationError, match="count numbers has no limit"):
        with_limit(StepDefinition(ORDER, "oracle", Numbers, "Counts."), context, 7)
